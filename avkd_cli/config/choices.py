"""What can be chosen, by name; the dicts of each room hold the same (tested)."""

PRESETS = ("paper", "strong", "small", "lupi", "lupi-small", "joint", "joint-small")

AUDIO_MODELS = ("resnet34", "ecapa-tdnn", "tdnn", "vgg", "thin-resnet", "thin-se-resnet")
VISUAL_MODELS = ("resnet34", "se-resnet34", "se-resnet50", "iresnet18", "cnn", "vgg16")
PAIR_MODELS = ("gated", "linear")
SEQUENCE_MODELS = ("bilstm",)
FUSION_MODELS = ("gate", "ssa", "cbp", "concat", "linear", "average")
DETECTORS = ("yunet", "scrfd", "none")
SOUND_DISTURBANCES = ("none", "babble", "music", "noise", "room", "telephone")
FACE_DISTURBANCES = ("none", "blur", "dark", "small", "jpeg", "occlude")
CROP_MODES = ("aligned-112x96", "aligned-112", "box-224", "gray-128", "centre-224")
FEATURES = ("fbank", "waveform", "spectrogram")
TRIAL_FORMATS = ("voxceleb", "kaldi", "3dspeaker", "pairs", "fame", "csv", "nist", "lfw")
SCORE_FORMATS = tuple(
    """
    avkd wespeaker kaldi bosaris 3dspeaker speechbrain voxsrc fame
    bob2 bob4 bob5 nist18 nist21 csv
    """.split()
)
P_TARGETS = (0.01, 0.05)  # probabilities of a target in detection costs, where none is given
SCORE_NORMS = ("none", "as", "s", "z", "t")
METRICS = ("cosine", "tanh-l2")
STRATA = ("random", "G", "N", "A", "GNA", "GA")
EER_MODES = ("interp", "nist", "vgg", "mean", "fop", "rocch")
FUSIONS_OF_SCORES = ("none", "mean", "z-sum", "logistic")
DTYPES = ("float16", "float32")
HEADS = ("aam-softmax", "softmax")
WEASP = ("safe", "printed", "shift", "post", "off")
POOLINGS = ("statistics", "attentive", *(f"weasp-{mode}" for mode in WEASP))
GEN_DIRECTIONS = ("both", "a2v", "v2a")
SCHEDULES = ("exponential", "triangular", "halving")
