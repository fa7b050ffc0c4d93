"""The Python code of a card that shows how to use its model."""

from rs_srgan.models import SISRConfig


def usage(name: str, config: SISRConfig) -> str:
    """Write the lines that super-resolve a file and an array with a model."""
    lines = ["from rs_srgan import load_model, super_resolve", ""]
    return "\n".join(lines + (_several(name, config) if config.several else _single(name, config)))


def _single(name: str, config: SISRConfig) -> list[str]:
    fine = f"{config.scale}h, {config.scale}w"
    images, source, taken = "reflectance", "scene.tif", f"({len(config.bands)}, h, w)"
    if config.guide_bands:
        images, source = "reflectance, guide", "S2B_MSIL2A_....SAFE"
        taken += f" and ({len(config.guide_bands)}, {fine})"
    lines = [
        f'super_resolve("{source}", "sr.tif", model="{name}")',
        f'sr = load_model("{name}").predict({images})  # {taken} -> ({len(config.bands)}, {fine})',
    ]
    if config.base_model:
        lines.append(f'between = load_model("{name}", detail=0.5)  # 0: {config.base_model}, 1: this model')
    if config.uncertainty:
        lines.append(f'sr, half_width = load_model("{name}").predict_with_uncertainty({images})')
    return lines


def _several(name: str, config: SISRConfig) -> list[str]:
    count, scale = len(config.bands), config.scale
    shapes = f"({count}, h, w) each -> ({count}, {scale}h, {scale}w)"
    return [
        f'super_resolve(["may.SAFE", "june.SAFE", "july.SAFE"], "sr.tif", model="{name}")',
        f'sr = load_model("{name}").predict([first, second, third])  # reflectance, {shapes}',
    ]
