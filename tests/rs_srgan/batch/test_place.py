import pytest

pytest.importorskip("ray")
from rs_srgan.batch.place import here


def test_a_place_names_the_node(ray_here):
    (node,) = ray_here.nodes()
    assert here().node == node["NodeID"]
    assert here().host.startswith(node["NodeName"])
