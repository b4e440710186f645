"""S4: connections between the time series of two senses, with generative supervision.

Systems: `audio`, `visual` and, without weight enhancement, `audio-plain`, `visual-plain`;
`fusion` without a generator, `fusion-cycle`, `fusion-diffusion`, `fusion-nce`; `ensemble` of
audio, visual and fusion-nce; `fusion-nce-without-video` and `-without-sound` miss a sense at
test time. Other names `fusion-…` get a row of their own.
"""

from avkd_cli.papers.form import (
    PUBLISHED,
    Layout,
    Paper,
    Row,
    System,
    columns_by_list,
    named,
    printed,
)

BY_LIST = (("EER", "eer_percent"), ("minDCF", "min_dcf_0.01"))
ONE, PROBED, TUNED, CHEN, QIAN, SUN = (
    "One sense",
    "Pretrained, classifier only",
    "Pretrained, finetuned",
    "Z. Chen et al.",
    "Y. Qian et al.",
    "Sun et al.",
)
PRINTED = (
    (ONE, "ECAPA-TDNN (A)", "0.87 0.107 1.12 0.132 2.12 0.210"),
    (ONE, "SimAM-Resnet (A)", "0.64 0.067 0.84 0.089 1.49 0.146"),
    (PROBED, "Hubert Base (A)", "0.99 - 1.07 - 2.22 -"),
    (PROBED, "Hubert Large (A)", "0.81 - 0.82 - 1.68 -"),
    (PROBED, "WavLM Base+ (A)", "0.84 - 0.93 - 1.76 -"),
    (PROBED, "WavLM large (A)", "0.62 - 0.67 - 1.32 -"),
    (TUNED, "Hubert Large (A)", "0.59 - 0.65 - 1.34 -"),
    (TUNED, "WavLM large (A)", "0.38 - 0.48 - 0.99 -"),
    (CHEN, "(1) A", "2.31 - 2.23 - 3.78 -"),
    (CHEN, "(2) V", "2.26 - 1.54 - 2.37 -"),
    (CHEN, "(3) fusion", "0.59 - 0.43 - 0.74 -"),
    (CHEN, "ensemble(1,2)", "0.51 - 0.43 - 0.78 -"),
    (CHEN, "ensemble(1,2,3)", "0.50 - 0.38 - 0.68 -"),
    (QIAN, "A", "1.62 - 1.75 - 3.16 -"),
    (QIAN, "V", "3.04 - 2.18 - 4.23 -"),
    (QIAN, "fusion", "0.71 - 0.48 - 0.85 -"),
)
OWN = (
    ("audio-plain", "A w/o enhanced", "0.98 0.140 1.24 0.163 2.30 0.264"),
    ("audio", "(4) A", "0.99 0.140 1.24 0.163 2.27 0.264"),
    ("visual-plain", "V w/o enhanced", "2.59 0.214 1.88 0.198 3.39 0.297"),
    ("visual", "(5) V", "1.44 0.147 1.28 0.157 2.14 0.230"),
    ("fusion", "fusion", "0.22 0.022 0.27 0.035 0.52 0.058"),
    ("fusion-cycle", "fusion(cycle)", "0.18 0.017 0.26 0.035 0.49 0.058"),
    ("fusion-diffusion", "fusion(diffusion)", "0.16 0.014 0.24 0.033 0.45 0.053"),
    ("fusion-nce", "(6) fusion(NCE)", "0.16 0.014 0.23 0.031 0.42 0.050"),
    ("ensemble", "ensemble(4,5,6)", "0.14 0.012 0.21 0.028 0.37 0.046"),
)
TABLE_1 = Layout(
    "table-1",
    "One sense, two senses, generators (table 1 of the paper)",
    "system",
    columns_by_list(PUBLISHED, BY_LIST),
    (
        *(Row(label, printed=printed(figures), group=group) for group, label, figures in PRINTED),
        *(Row(label, named(name), printed(figures), SUN) for name, label, figures in OWN),
    ),
    by_list=BY_LIST,
    more="fusion-*",
    notes=(
        "Circled numbers are illegible in print. Of the text's claims 36.4 % is 1 - 0.14/0.22 and "
        "28.0 % is 0.14/0.50, both of the ensemble; 63.1 % and 35.7 % do not follow from the "
        "table. minDCF is normalised here; the paper does not say so, but its values must be.",
    ),
)
PAPER = Paper(
    name="s4",
    source=(
        "Sun et al., “A method of audio-visual person verification by mining connections between "
        "time series”, Interspeech 2023, table 1"
    ),
    note="printed in the paper, on VoxCeleb; not comparable to results on any other list",
    title="Do two senses through time tell people apart better than one?",
    lead=(
        "Person verification by sound and film, both encoders trained together, the moments that "
        "count in one sense supervised by the other."
    ),
    claim=(
        "Only on VoxCeleb, with the printed networks, may a figure of ours be held against the "
        "printed one; what a generator is worth is the difference from the fusion without one, "
        "and no more than its interval says."
    ),
    systems=(
        System("audio-plain", "Audio without enhancement", "", "audio", "audio", "visual"),
        System("audio", "Audio", "", "audio"),
        System("visual-plain", "Visual without enhancement", "", "visual", "visual", "audio"),
        System("visual", "Visual", "", "visual"),
        System("fusion", "Fusion", "no generator", "fusion"),
        System("fusion-cycle", "Fusion, cycle", "cycle", "fusion", "fusion"),
        System("fusion-diffusion", "Fusion, diffusion", "diffusion", "fusion", "fusion"),
        System("fusion-nce", "Fusion, NCE", "NCE", "fusion", "fusion"),
        System("fusion-nce-cosine", "Fusion, NCE, cosine", "NCE, cosine", "fusion"),
        # What a missing sense costs is held against the same cosines with both.
        System("fusion-nce-without-video", "Hearing only", "", "audio", "fusion-nce-cosine"),
        System("fusion-nce-without-sound", "Seeing only", "", "visual", "fusion-nce-cosine"),
        System("ensemble", "Ensemble of three", "ensemble", "fusion", "fusion"),
    ),
    layouts=(TABLE_1,),
    venn_list="vox1-o",
)
