from pathlib import Path

import pytest

from rs_srgan.inference.processor import bf16_pays, computes_in_bf16, computes_in_int8, faster_in_bf16


@pytest.mark.skipif(not Path("/proc/cpuinfo").is_file(), reason="only Linux lists the instructions of its processor")
def test_a_processor_computes_in_bf16_if_it_lists_such_instructions():
    listed = set(Path("/proc/cpuinfo").read_text().split())
    assert computes_in_bf16("cpu") == bool(listed & {"avx512_bf16", "amx_tile"})


@pytest.mark.skipif(not Path("/proc/cpuinfo").is_file(), reason="only Linux lists the instructions of its processor")
def test_a_processor_computes_in_int8_if_it_lists_such_instructions():
    assert computes_in_int8() == ("avx512_vnni" in Path("/proc/cpuinfo").read_text().split())


def test_apples_gpus_gain_nothing_from_bf16():
    assert not computes_in_bf16("mps")


@pytest.mark.skipif(not Path("/proc/cpuinfo").is_file(), reason="only Linux lists the instructions of its processor")
def test_this_processor_is_faster_in_bf16_as_its_maker_and_instructions_say():
    listed = set(Path("/proc/cpuinfo").read_text().split())
    assert faster_in_bf16("cpu") == ("amx_tile" in listed or {"avx512_bf16", "AuthenticAMD"} <= listed)


@pytest.mark.parametrize(
    ("maker", "amx", "pays"),
    [("GenuineIntel", True, True), ("GenuineIntel", False, False), ("AuthenticAMD", False, True)],
)
def test_intels_processors_gain_from_bf16_with_amx_only(maker, amx, pays):
    assert bf16_pays(maker, amx) == pays
