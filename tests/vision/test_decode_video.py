"""Rows V01 to V21 of the fault matrix (docs/reliability.md), and what reading must keep."""

from fractions import Fraction

import av
import numpy as np
import pytest
from av.video.reformatter import VideoReformatter

from avkd_cli.errors import Rejected
from avkd_cli.vision import frames
from avkd_cli.vision.decode import read_frames, read_image


def read(path, **asked):
    warnings = []
    asked = asked or {"fps": 25}
    return list(read_frames(path, warnings=warnings, **asked)), warnings


def rejected(code, path, **asked):
    with pytest.raises(Rejected) as caught:
        read(path, **asked)
    assert caught.value.code == code
    assert str(path.parent) not in caught.value.detail
    return caught.value.detail


def all_frames(path):
    with av.open(str(path)) as container:
        container.streams.video[0].codec_context.thread_count = 1
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


OPEN_GOP = {"x264-params": "open-gop=1:keyint=10:bframes=3:b-pyramid=2:scenecut=0:log-level=none"}
CODECS = {
    "h264.mp4": {"options": {"g": "12", "bf": "3"}},
    "h264-open.mkv": {"options": OPEN_GOP},
    "h264-refresh.mp4": {"options": {"x264-params": "intra-refresh=1:keyint=10:log-level=none"}},
    "h264-guessed.avi": {"options": {"bf": "2"}},
    "fragments.mp4": {
        "options": {"g": "10"},
        "container_options": {"movflags": "frag_keyframe+empty_moov"},
    },
    "mpeg1.mpg": {"codec": "mpeg1video", "b_frames": 2},
    "mpeg2.mpg": {"codec": "mpeg2video", "b_frames": 2, "options": {"g": "10"}},
    "mpeg4-b.avi": {"codec": "mpeg4", "b_frames": 2},
    "mpeg4.mov": {"codec": "mpeg4"},
    "mjpeg.avi": {"codec": "mjpeg", "pixel_format": "yuvj420p"},
    "vp8-hidden.webm": {"codec": "libvpx", "options": {"auto-alt-ref": "1"}},
    "vp9.webm": {"codec": "libvpx-vp9", "options": {"cpu-used": "8"}},
}


@pytest.mark.parametrize("name", CODECS)
def test_skipping_gives_the_bits_of_full_decoding(name, tmp_path, write_video):
    path = write_video(tmp_path / name, 50, **CODECS[name])
    whole = all_frames(path)
    assert len(whole) == 50
    for asked, expected in (
        ({"fps": 25}, range(50)),
        ({"fps": 3}, [0, 8, 17, 25, 33, 42]),
        ({"count": 5}, [4, 14, 24, 34, 44]),
        ({"count": 1}, [24]),
    ):
        frames, warnings = read(path, **asked)
        assert warnings == []
        assert len(frames) == len(expected)
        for frame, number in zip(frames, expected, strict=True):
            assert np.array_equal(frame.pixels, whole[number]), (asked, number)
            assert frame.time_s - frames[0].time_s == pytest.approx(
                (number - expected[0]) / 25, abs=2e-3
            )


def test_a_part_of_a_video_is_that_part(tmp_path, write_video):
    path = write_video(tmp_path / "a.mp4", options={"g": "10"})
    frames, _ = read(path, fps=25, start=0.8, end=1.2)
    assert [round(f.time_s * 25) for f in frames] == list(range(20, 30))
    rejected("no_frames", path, fps=1, start=3.0)


def test_few_packets_are_decoded_for_few_frames(tmp_path, write_video, monkeypatch):
    from avkd_cli.vision import frames

    given, feed = [], frames._feed
    monkeypatch.setattr(frames, "_feed", lambda *a: given.append(a[1]) or feed(*a))
    path = write_video(tmp_path / "a.avi", codec="mjpeg", pixel_format="yuvj420p")
    read(path, count=3)
    assert sum(packet is not None for packet in given) == 3


@pytest.fixture
def whole(tmp_path, write_video):
    """A faststart mp4: its index is at the beginning."""
    options = {"movflags": "faststart"}
    return write_video(tmp_path / "whole.mp4", container_options=options)


def altered(path, change):
    data = bytearray(path.read_bytes())
    changed = change(data)
    other = path.with_name("altered" + path.suffix)
    other.write_bytes(data if changed is None else changed)
    return other


def test_frames_hidden_by_an_edit_list_are_not_missed(tmp_path, write_video):
    # As a telephone trims a film: the sample table counts all 50, the first 20 are not shown.
    whole, trimmed = write_video(tmp_path / "a.mp4", options={"g": "10"}), tmp_path / "b.mp4"
    options = {"avoid_negative_ts": "disabled"}
    with av.open(str(whole)) as source, av.open(str(trimmed), "w", options=options) as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                cut = int(20 / 25 / packet.time_base)
                packet.pts, packet.dts, packet.stream = packet.pts - cut, packet.dts - cut, stream
                target.mux(packet)
    with av.open(str(trimmed)) as container:
        assert container.streams.video[0].frames == 50
    frames, warnings = read(trimmed)
    assert (len(frames), warnings) == (30, [])
    assert np.array_equal(frames[0].pixels, read(whole)[0][20].pixels)


def test_damaged_films_and_pictures_are_read_or_rejected_never_worse(
    whole, chart, image_bytes, tmp_path
):
    random = np.random.default_rng(1)
    picture = image_bytes(chart(1)), read_image
    film = whole.read_bytes(), lambda path: list(read_frames(path, fps=5))
    results = []
    for number in range(200):
        data, reader = film if number % 3 == 0 else picture
        damaged = np.frombuffer(data, dtype=np.uint8).copy()
        places = random.integers(0, random.choice([64, 700, len(damaged)]), 4)
        damaged[places] = random.choice([0, 127, 128, 255], 4)
        path = tmp_path / "damaged"
        path.write_bytes(damaged[: random.integers(1, 2 * len(damaged))])
        try:
            results.append(len(reader(path)) > 0)
        except Rejected:
            results.append(False)
    assert 20 < sum(results) < 180  # the damage is neither harmless nor always fatal


@pytest.mark.parametrize("content", [b"", b"text\n", b"\x89PNG\r\n\x1a\n" + bytes(99), b"GIF89a"])
def test_no_video_at_all(content, tmp_path):  # V01
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    rejected("undecodable", path)


def test_an_index_lost_with_the_end(tmp_path, write_video):  # V02
    path = write_video(tmp_path / "a.mp4")
    rejected("undecodable", altered(path, lambda data: data[: len(data) // 2]))


@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
def test_a_cut_file_with_its_index_in_front(share, whole):  # V03, V19
    detail = rejected("truncated", altered(whole, lambda data: data[: int(share * len(data))]))
    assert detail.endswith("of 50 frames")


def test_a_cut_mkv(tmp_path, write_video):
    path = write_video(tmp_path / "a.mkv", options={"g": "5"})
    assert len(read(path)[0]) == 50
    rejected("truncated", altered(path, lambda data: data[: len(data) // 2]))


def test_flipped_bytes_are_a_warning_or_a_reject_but_no_silence(whole):  # V04
    start = whole.read_bytes().index(b"mdat") + 900

    def flip(data):
        for at in range(start, start + 400, 20):
            data[at] ^= 0xFF

    path = altered(whole, flip)
    try:
        _, warnings = read(path)
        assert warnings == ["decode_errors"]
    except Rejected as error:
        assert error.code == "undecodable"


def write_streams(path, *codecs, cover=None):
    with av.open(str(path), "w") as container:
        rates = {"aac": 48000}
        streams = [container.add_stream(codec, rate=rates.get(codec, 25)) for codec in codecs]
        for stream in streams:
            if stream.type == "video":
                stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        if cover is not None:
            picture = container.add_stream("mjpeg", rate=1)
            picture.width, picture.height, picture.pix_fmt = 64, 48, "yuvj420p"
            picture.disposition = av.stream.Disposition.attached_pic
        for stream in streams:
            for number in range(30):
                if stream.type == "video":
                    frame = av.VideoFrame(64, 48, "yuv420p")
                    frame.pts = number
                else:
                    frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
                    frame.sample_rate, frame.pts = 48000, 1024 * number
                    frame.planes[0].update(bytes(4 * 1024))
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        if cover is not None:
            frame = av.VideoFrame(64, 48, "yuvj420p")
            container.mux(picture.encode(frame))
            container.mux(picture.encode(None))
    return path


def test_sound_alone(tmp_path):  # V05
    detail = rejected("no_video_stream", write_streams(tmp_path / "a.mp4", "aac"))
    assert detail == "no video stream"


def test_cover_art_is_no_video(tmp_path):  # V06
    detail = rejected("no_video_stream", write_streams(tmp_path / "a.mp4", "aac", cover=True))
    assert detail == "only cover art"


def test_several_videos_are_said_and_the_first_is_taken(tmp_path):  # V07
    path = write_streams(tmp_path / "a.mp4", "mpeg4", "mpeg4")
    frames, warnings = read(path, fps=1)
    assert (len(frames), warnings) == (2, ["multi_stream"])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{}\n#EXT-X-ENDLIST\n"),
        ("a.mp4", "#EXTM3U\n#EXTINF:9,\n{}\n"),
        ("a.ffconcat", "ffconcat version 1.0\nfile '{}'\n"),
        ("a.sdp", "v=0\no=- 0 0 IN IP4 127.0.0.1\n"),
        ("a.mpd", "<?xml version='1.0'?><MPD><BaseURL>{}</BaseURL></MPD>"),
    ],
)
def test_a_playlist_never_opens_another_file(name, text, tmp_path, whole):  # V08
    path = tmp_path / name
    path.write_text(text.format(whole))
    rejected("format_not_allowed", path)


def set_size(data, width, height):
    at = data.index(b"avc1", data.index(b"stsd") + 8) + 28
    data[at : at + 4] = width.to_bytes(2) + height.to_bytes(2)


def test_a_frame_too_large_is_refused_by_its_header(whole, limited):  # V09
    limited(max_side=100)
    with pytest.raises(Rejected, match="128 x 96 > 100 x 100"):
        read(whole)


def test_a_frame_larger_than_the_header_says_is_refused_too(tmp_path, write_video, limited):
    path = altered(write_video(tmp_path / "a.mp4"), lambda data: set_size(data, 64, 64))
    limited(max_side=100)
    with pytest.raises(Rejected) as caught:
        read(path)
    assert caught.value.code in ("frame_too_large", "undecodable")


def test_tiny_frames_show_no_face(tmp_path, write_video):
    rejected("image_too_small", write_video(tmp_path / "a.mp4", size=(16, 64)))


@pytest.mark.parametrize("limit", [{"max_seconds": 1.5}, {"max_frames": 49}])
def test_a_long_video_is_refused_by_its_header(limit, whole, limited, monkeypatch):  # V10
    monkeypatch.setattr(av.container.InputContainer, "demux", None)
    limited(**limit)
    with pytest.raises(Rejected) as caught:
        read(whole)
    assert caught.value.code == "too_long"


def test_a_header_that_counts_nothing_does_not_hide_the_length(tmp_path, write_video, limited):
    path = write_video(tmp_path / "a.mpg", codec="mpeg1video")
    limited(max_frames=20)
    with pytest.raises(Rejected, match="more than 20 frames"):
        read(path)


def test_a_changing_rate_is_said_and_times_decide(tmp_path, write_video):  # V11
    stamps = list(range(25)) + list(range(25, 75, 5))
    path = write_video(tmp_path / "a.mp4", len(stamps), stamps=stamps)
    frames, warnings = read(path, fps=1)
    assert [frame.time_s for frame in frames] == pytest.approx([0, 1, 2])
    assert warnings == ["bad_fps"]


@pytest.mark.parametrize("rate", [1, 25, 60, 240])
def test_steady_rates_need_no_warning(rate, tmp_path, write_video):
    _, warnings = read(write_video(tmp_path / "a.mp4", 10, rate=rate), count=2)
    assert warnings == []


def test_one_frame_is_no_video(tmp_path, write_video):  # V12
    assert rejected("too_few_frames", write_video(tmp_path / "a.mp4", 1)) == "1 frame < 2"


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("10-bit", {"pixel_format": "yuv444p10le"}),
        ("grey", {"pixel_format": "gray"}),
        ("4:2:2", {"pixel_format": "yuv422p"}),
        ("interlaced", {"options": {"x264-params": "interlaced=1:log-level=none"}}),
    ],
)
def test_odd_pixel_formats_are_read(name, options, tmp_path, write_video, chart):  # V17
    frames, warnings = read(write_video(tmp_path / "a.mp4", 10, **options), count=1)
    expected = chart(4).astype(float)
    if name == "grey":
        expected = np.repeat(expected @ [[0.299], [0.587], [0.114]], 3, axis=2)
    assert warnings == []
    assert np.abs(frames[0].pixels - expected).mean() < 8


@pytest.mark.parametrize("rotation", [0, 90, -90, 180])
def test_the_display_matrix_is_applied_once(rotation, tmp_path, write_video, chart):  # V17
    frames, _ = read(write_video(tmp_path / "a.mp4", 3, rotation=rotation), count=1)
    # FFmpeg's angle turns the picture against the clock, as numpy's does.
    expected = np.rot90(chart(1), rotation // 90).astype(float)
    assert frames[0].pixels.shape == expected.shape
    assert np.abs(frames[0].pixels - expected).mean() < 8


def test_pixels_that_are_not_square_are_made_so(tmp_path, write_video):  # V17
    wide = write_video(tmp_path / "a.mp4", 3, aspect=Fraction(4, 3))
    assert read(wide, count=1)[0][0].pixels.shape == (96, 171, 3)
    high = write_video(tmp_path / "b.mp4", 3, aspect=Fraction(1, 2))
    assert read(high, count=1)[0][0].pixels.shape == (192, 128, 3)


def test_decoding_stops_when_the_time_is_up(whole, limited):  # V18
    limited(wall_seconds=-1)
    with pytest.raises(Rejected, match="decode_timeout"):
        read(whole)


def test_memory_asked_for_by_the_file_is_its_own_fault_and_ours_is_not(whole, monkeypatch):
    def fail(error):
        def demux(*_):
            raise error

        monkeypatch.setattr(av.container.InputContainer, "demux", demux)

    fail(av.error.MemoryError(12, "no memory"))
    rejected("decoder_oom", whole)
    fail(MemoryError())
    with pytest.raises(MemoryError):
        read(whole)


def test_an_unknown_codec(whole):  # V20
    def rename(data):
        at = data.index(b"avc1", data.index(b"stsd"))
        data[at : at + 4] = b"zzzz"

    rejected("codec_missing", altered(whole, rename))


def test_metadata_that_is_no_text(tmp_path):  # V21
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        container.metadata["title"] = "MARKMARK"
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height = 64, 48
        for number in range(5):
            frame = av.VideoFrame(64, 48, "yuv420p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    data = path.read_bytes()
    assert b"MARKMARK" in data
    path.write_bytes(data.replace(b"MARKMARK", b"\xff\xfe\xc0MARK\xff"))
    assert len(read(path)[0]) == 5


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi"])
def test_a_fault_of_the_disk_is_not_the_videos(tmp_path, write_video, failing_disk, name):
    path = write_video(tmp_path / name, codec="mpeg4", size=(480, 640), options={"b": "20M"})
    assert failing_disk(lambda: read(path)) >= 3


def test_the_real_broken_videos(shared_data):
    found = {}
    for folder in ("video", "made_video"):
        for path in sorted((shared_data / "nasty" / folder).iterdir()):
            try:
                frames, warnings = read(path, fps=1)
                assert frames
                found[path.name] = (len(frames), tuple(warnings))
            except Rejected as error:
                found[path.name] = error.code
    assert found["ok_h264_aac.mp4"] == found["vp9_opus.webm"] == (3, ())
    assert found["bitflips_200.mp4"] == (3, ("decode_errors",))
    assert found["variable_frame_rate.mp4"] == (3, ("bad_fps",))
    assert found["truncated_60pct_faststart.mp4"] == "truncated"
    assert found["truncated_60pct_moov_lost.mp4"] == found["empty_0bytes.mp4"] == "undecodable"
    assert found["one_frame.mp4"] == "too_few_frames"
    assert found["no_video.mp4"] == "no_video_stream"
    assert found["mp4parse_short-cenc.mp4"] == "undecodable"
    assert sum(isinstance(result, tuple) for result in found.values()) == 17
    upright = read(shared_data / "nasty/made_video/ok_h264_aac.mp4", count=1)[0][0].pixels
    turned = read(shared_data / "nasty/made_video/rotated_displaymatrix_90.mp4", count=1)[0][0]
    assert turned.pixels.shape == (360, 288, 3)
    assert np.abs(np.rot90(turned.pixels, -1).astype(int) - upright).mean() < 3


def test_one_converter_serves_pictures_of_any_size_and_format():
    # A film may change both midway; each picture is what a converter of its own would make.
    rng, one = np.random.default_rng(0), VideoReformatter()
    for number, pixel_format in enumerate(["yuv420p", "yuvj420p", "yuv444p", "gray", "rgb24"] * 3):
        height, width = 2 * rng.integers(16, 80, 2)
        picture = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=pixel_format)
        frame.colorspace, frame.color_range = number % 2 + 1, number % 3
        found = frames._to_upright(frame, 1.0, one)
        np.testing.assert_array_equal(found, frame.to_ndarray(format="rgb24"))
