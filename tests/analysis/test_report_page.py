"""The page: its parts, what is escaped, and that it needs nothing outside it."""

from html.parser import HTMLParser
from types import SimpleNamespace

import pytest

from avkd_cli.analysis.render import as_html
from avkd_cli.analysis.report.page import page
from avkd_cli.analysis.table import Cell, table
from avkd_cli.papers import USUAL

VOID = {"meta", "br", "link", "img", "hr", "input", "use", "path"}


class Checked(HTMLParser):
    """Collects tags, ids and text, and notes tags that do not match."""

    def __init__(self):
        super().__init__()
        self.open, self.faults, self.ids, self.tags, self.text = [], [], [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.ids += [value for name, value in attributes if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.ids += [value for name, value in attributes if name == "id"]

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> at {self.getpos()}")

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("script", "style"):
            self.text.append(data)


def checked(html):
    found = Checked()
    found.feed(html)
    found.close()
    return found


@pytest.fixture
def content(table):
    row = {
        "system": "audio-kd-cos",
        "list": "vox1-o",
        "list_label": "Vox1-O",
        "both_right": 600,
        "newly_right": 40,
        "newly_wrong": 10,
        "both_wrong": 50,
        "other_share": 0.9,
        "other_of_errors": 0.75,
        "persons": {
            "total": 30,
            "gaining": 9,
            "losing": 4,
            "most_gaining": [{"person": "<p7>", "gain": 6}],
            "most_losing": [{"person": "p-2", "gain": -3}],
        },
    }
    pair = {
        "a": "audio",
        "b": "fusion-gate",
        "segments": 9,
        "pcc_per_segment": 0.007,
        "pcc_pooled": 0.1,
        "pcc_per_dimension": None,
        "linear_cka": 0.5,
        "mean_cosine_distance": 0.583,
    }
    store = {"name": "audio", "segments": 9, "persons": 3, "dimensions": 4, "alignment": None}
    store |= {"uniformity": -1.5, "within_person_variance": 0.2, "between_person_variance": 0.7}
    described = SimpleNamespace(
        name="runs/<audio>",
        row={"run": "runs/<audio>", "seed": 0},
        settings={"config": {"lr": 0.1}},
    )
    return {
        "arranged": table,
        "glance": ["Plainly <said>."],
        "sentences": ["A sentence with <angle> brackets."],
        "figures": {
            "eer-main": ("<svg></svg>", "bars"),
            "det-vox1-o-audio": ("<svg></svg>", "curves of O"),
            "det-vox1-h-audio": ("<svg></svg>", "curves of H"),
            "venn-vox1-o-audio": ("<svg></svg>", "circles"),
            "reliability-vox1-o": ("<svg></svg>", "calibration of O"),
            "plane": ("<svg></svg>", "places"),
        },
        "differences": [
            {
                "system": "visual-kd-cos",
                "list": "vox1-o",
                "difference": 0.25,
                "p": 0.01,
                "interval": [0.1, 0.4],
                "verdict": "worse",
            }
        ],
        "uncertainty": "How the intervals came about.",
        "venns": [row],
        "outliers": {
            "persons": 3,
            "recordings": 9,
            "stores": [{"name": "audio", "outliers": 2, "share": 2 / 9}],
        },
        "correlation": {"pairs": [pair], "stores": [store], "note": "basis"},
        "runs": [described],
        "stores": [],
        "avkd": "0.1.0",
    }


def test_the_page_is_well_formed_with_unique_ids(content):
    found = checked(page(content))
    assert found.faults == []
    assert found.open == []
    assert len(found.ids) == len(set(found.ids))


def test_nothing_on_the_page_comes_from_elsewhere(content):
    html = page(content)
    assert "http" not in html
    assert "@import" not in html
    for tag, attributes in checked(html).tags:
        assert tag not in ("link", "img", "iframe", "object", "embed")
        assert "src" not in attributes
        assert attributes.get("href", "#").startswith("#")


def test_the_statement_stands_at_the_top_and_at_the_bottom(content):
    html = page(content)
    statement = content["arranged"]["statement"]
    assert statement in html[html.index("<header>") : html.index("</header>")]
    assert statement in html[html.index("<footer>") : html.index("</footer>")]


def test_what_comes_from_outside_is_escaped(content):
    html = page(content)
    assert "A sentence with &lt;angle&gt; brackets." in html
    assert "<angle>" not in html
    assert "<audio>" not in html


def test_ours_stand_beside_the_printed_ones_which_are_said_not_to_compare(content):
    html = page(content)
    assert USUAL.note in html
    results = {(r["system"], r["list"]): r["eer_percent"] for r in content["arranged"]["results"]}
    row = html[html.index(">Audio baseline<") :].split("</tr>")[0]
    assert f'class="number">{results["audio", "vox1-o"]:.2f}<' in row
    assert 'class="number printed">1.792<' in row


def test_a_student_shows_its_change_from_the_baseline(content):
    results = {(r["system"], r["list"]): r["eer_percent"] for r in content["arranged"]["results"]}
    change = results["visual-kd-cos", "vox1-o"] - results["visual", "vox1-o"]
    html = page(content)
    part = html[html.index("Visual student (table 2") :]
    row = part[part.index(">COS<") :].split("</tr>")[0]
    assert f'class="number best">{change:+.2f}<'.replace("-", "−") in row  # beyond its interval
    row = part[part.index(">KL<") :].split("</tr>")[0]
    assert 'class="number best">' not in row


def test_all_intervals_are_in_a_table_on_demand(content):
    for one in content["arranged"]["results"]:
        one["eer_interval"] = [one["eer_percent"] - 0.5, one["eer_percent"] + 0.5]
    html = page(content)
    part = html[html.index("<summary>All intervals</summary>") :]
    cos = part[part.index(">Visual student, COS<") :].split("</tr>")[0]
    assert ">+0.25<" in cos
    assert ">0.010<" in cos
    assert "How the intervals came about." in html


def test_the_navigation_names_the_sections_there_are(content):
    html = page(content | {"correlation": None, "outliers": None, "runs": [], "venns": []})
    found = checked(html)
    links = {a["href"][1:] for tag, a in found.tags if tag == "a"}
    assert links <= set(found.ids)
    assert "embeddings" not in links
    assert "runs" not in links
    assert "tables" in links


def test_curves_of_the_first_list_are_open_and_others_folded(content):
    content["figures"]["det-vox1-o-cleaned-audio"] = ("<svg></svg>", "curves of O cleaned")
    html = page(content)
    assert "<h3>Vox1-O</h3>" in html
    opened = html[html.index("<h3>Vox1-O</h3>") :].split("<details>")[0]
    assert "curves of O<" in opened
    assert "curves of O cleaned" not in opened
    assert "<details><summary>Vox1-H</summary>" in html
    assert "<details><summary>The cleaned lists</summary>" in html


def test_systems_with_one_signature_share_its_line(content):
    for one in content["arranged"]["results"]:
        one["signature"] = f"list:{one['list']}#0123"
    html = page(content)
    part = html[html.index('<section id="signatures">') :]
    assert part.count("<tr>") == 1 + 3
    assert part.count("list:vox1-h#0123") == 1
    assert "Audio baseline, Visual baseline" in part


def test_settings_are_shown_on_demand(content):
    html = page(content)
    assert "&#34;lr&#34;: 0.1" in html


def test_a_column_with_numbers_sorts_by_their_values():
    html = as_html(table(["name", "share"], [["a", Cell("12.3 %", 0.123)], ["b", None]]))
    assert '<th scope="col" class="number">' in html
    assert '<td data-value="0.123" class="number">12.3 %</td>' in html
    assert '<td class="number">–</td>' in html


def test_empty_parts_leave_nothing(content):
    html = page(content | {"glance": [], "sentences": [], "figures": {}, "venns": []})
    assert 'id="tables"' in html
    for name in ("glance", "words", "curves", "venn"):
        assert f'id="{name}"' not in html and f"#{name}" not in html
    assert "<ul>" not in html and "<figure>" not in html and "All intervals" not in html


def test_who_gains_and_who_loses_is_named(content):
    html = page(content)
    assert "Who gains and who loses" in html
    assert "&lt;p7&gt; +6" in html
    assert "p-2 −3" in html  # a hyphen is part of a name
    content["venns"][0]["persons"] = None  # nobody is known
    assert "Who gains" not in page(content)


def test_calibration_and_outliers_have_their_places(content):
    html = page(content)
    curves = html[html.index('id="curves"') : html.index('id="venn"')]
    assert "calibration of O" in curves
    spaces = html[html.index('id="embeddings"') : html.index('id="runs"')]
    assert "places" in spaces
    assert "22.2 %" in spaces
    assert "beyond mean + 2 standard" in spaces


def test_the_page_begins_with_a_picture_under_plain_words(content):
    text = page(content)
    plainly, bars, words = (
        text.index(one) for one in ("Plainly &lt;said&gt;", "bars", "A sentence")
    )
    assert plainly < bars < words
    assert text.count("<figcaption>bars</figcaption>") == 1
