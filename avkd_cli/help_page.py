"""How the help of a command with many options is laid out: groups, what people change first.

Loaded for `--help`: click and the standard library only.
"""

import click

FIRST = """
    output modality teacher teachers list_file config init_from validation noise rir
    num_processes overwrite quiet dry_run unlabelled model width embedding_size pooling dropout
    head margin scale epochs max_steps batch_size lr optimizer augment crop_min crop_max flip
    seed alpha beta gamma projection tolerance quality posteriors imitation orthogonal nce
    corrupt clip frames help_all _click_default_help
    """
"""What people change first, by name of the parameter."""

GROUPS = {
    "Network": """
        model width embedding_size pooling dropout emb_bn freq_flatten segment frames
        train_encoder weasp hidden gate_tanh centre start init_from reset_head audio_encoder
        visual_encoder
    """,
    "Data": """
        list_file label split_column noise rir augment crop_min crop_max clip n_mels time_mask
        freq_mask speed_classes flip jitter shift erase pairing corrupt intersect
    """,
    "Loss": """
        head margin scale fallback margin_from margin_to orthogonal orthogonal_form centre_loss
        centre_rate git_loss git_push contrastive contrastive_margin triplet triplet_margin
        cycle nce diffusion gen_direction audio_head visual_head
    """,
    "Teacher": """
        teacher teachers teacher_runs beside beside_pairing beside_crop alpha beta gamma
        temperature projection kl_form kl_reduction kl_student_head cos_form mmd_form
        mmd_kernels mmd_bandwidth mmd_gather l2 l2_raw class_ce class_cos similarity relational
        imitation distance level soft_labels multitask tolerance tolerance_share
        teacher_projection teacher_ce quality quality_scope quality_slope quality_store
    """,
    "People nobody named": """
        unlabelled unlabelled_by posteriors posteriors_temperature cluster_threshold cluster_film
        cluster_least cluster_separation cluster_rounds loss_gate gate_from correction
    """,
    "Schedule": """
        epochs max_steps batch_size lr lr_final schedule optimizer warmup period network_lr
        adversary_lr momentum weight_decay clip_norm per_person accumulate validation patience
        train_trials
    """,
    "Running": """
        output modality config print_config overwrite seed num_processes mixed_precision workers
        partition_size partitions finalise dask root max_rejects max_reject_fraction strict
        dry_run quiet manifest keep_names checkpoint_every log_every on_nonfinite tracker
        compile deterministic _click_default_help help_all
    """,
}
"""Group → its parameters; a group with none in a command is not shown."""

REST = "Options"
MODALITY, ALL = "avkd.modality", "avkd.help_all"  # where click's context keeps what help is of


def group_of(name: str) -> str:
    """Return the group of a parameter, by its name without `set_`."""
    return next((group for group, names in GROUPS.items() if name in names.split()), REST)


def plain(option: click.Parameter) -> str:
    """Return the name of an option's parameter, a setting's without its mark."""
    return (option.name or "").removeprefix("set_")


def show_all(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:
    """Print the help with every option, and end."""
    if wanted and not ctx.resilient_parsing:
        ctx.meta[ALL] = True
        click.echo(ctx.get_help())
        ctx.exit()


HELP_ALL = click.Option(
    ["--help-all"],
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=show_all,
    help="Show every option and stop.",
)


def write_options(command: click.Command, ctx: click.Context, to: click.HelpFormatter) -> None:
    """Write a command's options by group, what people change first before the rest.

    Where the modality is not chosen, or all are asked for, the rest is left out and counted.
    """
    shown = [one for one in command.get_params(ctx) if one.get_help_record(ctx)]
    shown = [one for one in shown if isinstance(one, click.Option)]
    many_kinds = any(one.name == "modality" for one in command.params)
    whole = MODALITY in ctx.meta or ALL in ctx.meta or not many_kinds
    kept = [one for one in shown if whole or group_of(plain(one)) == REST or _is_first(one)]
    for group in (*GROUPS, REST):
        rows = sorted((o for o in kept if group_of(plain(o)) == group), key=_order)
        if rows:
            with to.section(group):
                to.write_dl([record for one in rows if (record := one.get_help_record(ctx))])
    if left := len(shown) - len(kept):
        to.write_paragraph()
        to.write_text(
            f"{left} more: '{ctx.command_path} --modality X --help' shows those of one modality, "
            "'--help-all' all."
        )


def _is_first(option: click.Option) -> bool:
    return plain(option) in FIRST.split()


def _order(option: click.Option) -> tuple[bool, int]:
    name, group = plain(option), group_of(plain(option))
    words = GROUPS.get(group, "").split()
    return not _is_first(option), words.index(name) if name in words else 0


def chosen_modality(args: list[str]) -> str | None:
    """Return what stands behind --modality in a command line."""
    for at, word in enumerate(args):
        if word == "--modality" and at + 1 < len(args):
            return args[at + 1]
        if word.startswith("--modality="):
            return word.partition("=")[2]
    return None
