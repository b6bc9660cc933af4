"""`make chaos`: play rounds, write docs/chaos.md.

python -m tests.chaos [--seed 1] [--rounds 100] [--only N] [--jobs 2] [--patience 1]
"""

import argparse
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from study.libraries import variables


def main() -> int:
    """Play; the exit code is 1 if something was wrong in a round."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="all is drawn from it")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--only", type=int, action="append", help="a round; the table is not kept")
    parser.add_argument("--jobs", type=int, default=2, help="rounds side by side")
    parser.add_argument("--patience", type=float, default=1.0, help="factor on bounds of time")
    parser.add_argument("--plan", action="store_true", help="print the rounds, play none")
    asked = parser.parse_args()

    from tests.chaos import plan

    numbers = asked.only or range(1, asked.rounds + 1)
    rounds = [one for one in plan.rounds(asked.seed, max(numbers)) if one.number in numbers]
    if asked.plan:
        print("\n".join(map(str, rounds)))
        return 0
    variables.decide()

    from tests.chaos import table
    from tests.chaos.place import commit
    from tests.chaos.play import Game, Outcome
    from tests.zygote import Zygote

    played_at, folder = commit(), Path(tempfile.mkdtemp(prefix="chaos-"))
    with Zygote() as zygote, ThreadPoolExecutor(asked.jobs) as pool:
        game = Game(zygote, folder, asked.patience)

        def play(one: plan.Round) -> Outcome:
            outcome = game.play(one)
            print(f"{one}\n    {'; '.join(outcome.faults)}; {outcome.seconds:.0f} s", flush=True)
            for words in outcome.wrong or ["all right"]:
                print(f"    {words}", flush=True)
            return outcome

        outcomes = list(pool.map(play, rounds))
    if not asked.only:
        table.write(asked.seed, played_at, game.exit, outcomes)
    failed = [outcome.round.number for outcome in outcomes if outcome.wrong]
    print(f"{len(outcomes)} rounds, wrong: {failed or 'none'}", flush=True)
    if failed:
        print(f"what they left: {folder}", flush=True)
    else:
        shutil.rmtree(folder)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
