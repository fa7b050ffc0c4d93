"""Places of actors, and checks of what a node sees."""

import ray

from rs_srgan.batch.task import Place


def here() -> Place:
    """Return the place of the actor that calls it."""
    node = ray.get_runtime_context().get_node_id()
    host = next((each["NodeName"] for each in ray.nodes() if each["NodeID"] == node), node[:8])
    return Place(node, f"{host}/{node[:4]}")
