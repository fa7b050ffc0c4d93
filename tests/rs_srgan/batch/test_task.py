import pickle

from rs_srgan import PredictOptions
from rs_srgan.batch.output import OutputFolder
from rs_srgan.batch.task import SceneTask, Target


def test_tasks_and_targets_can_be_sent(tmp_path):
    task = SceneTask(3, ("/a.tif",), PredictOptions(tile=64, bbox=(8, 46, 9, 47)), "f1", (None,))
    assert pickle.loads(pickle.dumps(task)) == task
    target = Target(OutputFolder(tmp_path), ("a.tif",), True, True)
    assert str(pickle.loads(pickle.dumps(target)).folder) == str(tmp_path)
