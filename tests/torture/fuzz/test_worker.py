import multiprocessing

from torture.fuzz.worker import serve


def test_a_worker_answers_until_the_connection_closes(tmp_path):
    context = multiprocessing.get_context("spawn")  # it limits the memory of its process
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, "GeoJSON", str(tmp_path)))
    process.start()
    theirs.close()
    assert ours.recv() == "ready"
    for number in (0, 5):
        ours.send((7, number))
        assert ours.recv().number == number
    ours.close()
    process.join(60)
    assert process.exitcode == 0
