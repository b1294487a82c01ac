"""Whether cost grows linearly: time per record and memory of ours over sets of growing size, and over
one huge object."""

import statistics

import contestants
import measure
import questions
import sets

RECORDS = [1_000_000, 4_000_000, 16_000_000, 64_000_000]
#: One object of about 600 MB of text.
HUGE_OBJECT = 5_260_000
#: As many in each set, so that only the number of records differs.
INTERFACES = 2000
JOBS = ["j1", "j3", "j3-learned"]


def prepare(folder, records, files, flowproof, say):
    huge = "-one-object" if files == 1 and records > sets.RECORDS_OF_AN_OBJECT else ""
    name = f"linear-{sets.short(records)}{huge}"
    made = sets.Set(name, folder / name, "v2")
    sets.sample(made, records, files, ["--formats", "v2", "--interfaces", str(INTERFACES)], flowproof, say)
    return made


def run(folder, largest, rounds, threads, tools, generator, scratch, say):
    """Figures for each size up to `largest` and job; in each round all sizes, one after the other."""
    sizes = [(records, sets.files_of(records)) for records in RECORDS if records <= largest] + [(HUGE_OBJECT, 1)]
    made = [prepare(folder, records, files, generator, say) for records, files in sizes]
    figures = []
    for job in JOBS:
        costs = [[] for _ in made]
        for _ in range(max(1, rounds)):
            for place, one in enumerate(made):
                asked = questions.question(job, one, "text")
                volumes = contestants.ours(asked, threads, tools.flowproof)[0]
                costs[place].append(measure.run(volumes.stages, threads, scratch / "answer.csv", scratch / "stderr.txt"))
                say(f"{one.name}, {job}: {costs[place][-1].cpu:.2f} s CPU")
        for one, several in zip(made, costs):
            answer = one.answer()
            figures.append({
                "job": job,
                "set": one.name,
                "threads": threads,
                "objects": answer["objects"],
                "records": sum(answer["records"].values()),
                "text_bytes": answer["bytes"]["inflated"],
                "cpu": statistics.median(cost.cpu for cost in several),
                "wall": statistics.median(cost.wall for cost in several),
                "memory": max(cost.memory for cost in several),
            })
    return figures
