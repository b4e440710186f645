"""MPEG transport streams, the .mts of camcorders: no length is declared in them."""

import av
import numpy as np
import pytest

from avkd_cli.errors import Rejected
from avkd_cli.vision.decode import read_frames

PACKET = {"film.mts": 188, "film.m2ts": 192}


@pytest.fixture
def film(tmp_path):
    """Two seconds of greys that rise by four a frame."""

    def make(name: str):
        path = tmp_path / name
        form = "mpegts" if path.suffix == ".mts" else None  # by its suffix: with times in front
        with av.open(str(path), "w", format=form) as file:
            stream = file.add_stream("mpeg2video", rate=25)
            stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
            stream.bit_rate = 2_000_000
            for number in range(50):
                grey = np.full((120, 160, 3), 20 + 4 * number, np.uint8)
                file.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
            file.mux(stream.encode(None))
        return path

    return make


@pytest.mark.parametrize("name", PACKET)
def test_frames_come_at_their_times(film, name):
    warnings: list[str] = []
    frames = list(read_frames(film(name), fps=5, warnings=warnings))
    assert [round(frame.time_s, 2) for frame in frames] == [n / 5 for n in range(10)]
    for frame in frames:
        assert abs(frame.pixels.mean() - (20 + 4 * 25 * frame.time_s)) < 4
    assert warnings == []


@pytest.mark.parametrize("name", PACKET)
def test_a_film_that_ends_within_a_packet_is_truncated(film, name):
    path = film(name)
    assert path.stat().st_size % PACKET[name] == 0
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(Rejected, match="the last packet has") as caught:
        list(read_frames(path, fps=5))
    assert caught.value.code == "truncated"


def test_a_film_of_rubbish_is_refused(film):
    path = film("film.mts")
    data = path.read_bytes()
    path.write_bytes(data[:752] + bytes([0x47]) * (len(data) - 752))
    with pytest.raises(Rejected):
        list(read_frames(path, fps=5))
