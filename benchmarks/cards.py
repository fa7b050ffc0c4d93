"""Write the cards of all bundled models anew: python -m benchmarks.cards."""

from rs_srgan.card import write_card
from rs_srgan.hub import catalogue


def main() -> None:
    """Write and name them."""
    for model in catalogue().values():
        print(write_card(model.folder))


if __name__ == "__main__":
    main()
