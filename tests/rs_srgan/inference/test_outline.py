import pickle
from contextlib import ExitStack

import numpy as np

from rs_srgan import super_resolve
from rs_srgan.inference.engines import make_engine
from rs_srgan.inference.job import resolve
from rs_srgan.inference.options import PredictOptions
from rs_srgan.inference.outline import outline_of
from rs_srgan.inference.scene import open_scene
from tests.conftest import scene_dn
from tests.rs_srgan.inference.conftest import pixels


def test_a_writer_with_the_outline_alone_writes_what_super_resolve_writes(model, write_tif, tmp_path):
    source, options = write_tif(scene_dn(40, 50)), PredictOptions(tile=16, compress="deflate")
    whole = super_resolve(source, tmp_path / "whole.tif", model, options)
    with ExitStack() as files:
        job = resolve(source, tmp_path / "unused.tif", model, options)
        scene = open_scene(job, make_engine, files)
        sent = pickle.dumps(outline_of(job, scene))
        outline = pickle.loads(sent)
        (result,) = outline.open_results([tmp_path / "out.tif"], files)
        (layout,) = outline.layouts
        for part in reversed(outline.parts):
            (dn,) = scene.with_nodata(part, scene.compute(scene.read(part)))
            for blocks in layout.compressed(part.core.scaled(outline.scale), dn):
                result.append(blocks)
        result.settle(len(outline.parts))
        outline.publish([result])
    assert len(sent) < 20_000
    np.testing.assert_array_equal(pixels(tmp_path / "out.tif"), pixels(whole))
