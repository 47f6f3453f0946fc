#!/usr/bin/env python3
"""Train the model of EmbedLLM (arXiv 2410.02223, section 3) with PyTorch, beside `llmap train`.

    python3 scripts/reference_peer.py DATA [--llmap target/release/llmap] [--embeddings FILE.npy] [--json]

DATA is a folder that `llmap train` reads: questions.csv (prompt_id, category, split, prompt), models.csv
and responses.csv (prompt_id, model_id, label). The paper's model is logits = Linear(P[m] * (W q + b)) with
two classes and cross entropy: 232 dimensions, P from a standard normal, normal noise of 0.05 on q, Adam at
1e-4, an L2 penalty of 1e-5, batches of 2,048 responses, 50 epochs.

The paper embeds the questions with all-mpnet-base-v2. Vectors of any encoder can be passed as a .npy file
with one row for each line of questions.csv; without one, hashed words reduced to 256 numbers stand in, and
the time to embed is not counted on this side.

Then `llmap train` runs on the same data and the script prints when each got to the paper's best log loss
on val. Needs torch and numpy; nothing in llmap needs this script.
"""

import argparse
import csv
import json
import re
import subprocess
import tempfile
import time
import zlib
from pathlib import Path

import numpy
import torch
from torch import nn

DIM, NOISE, RATE, L2, BATCH = 232, 0.05, 1e-4, 1e-5, 2048


def records(folder):
    """Texts, splits, and (question row, model row, label) of the answers."""
    with open(folder / "questions.csv", newline="", encoding="utf-8") as file:
        questions = list(csv.DictReader(file))
    with open(folder / "responses.csv", newline="", encoding="utf-8") as file:
        answers = list(csv.DictReader(file))
    row = {question["prompt_id"]: i for i, question in enumerate(questions)}
    models = {}
    table = [(row[a["prompt_id"]], models.setdefault(a["model_id"], len(models)), float(a["label"])) for a in answers]
    question, model, label = (numpy.array(column) for column in zip(*table))
    splits = numpy.array([q["split"] for q in questions])
    return [q["prompt"] for q in questions], splits[question], (question, model, label), len(models)


def hashed(texts, train, buckets=1 << 14, dim=256):
    """Hashed words, weighed by how rare they are, reduced by a truncated SVD; of unit length."""
    columns, rows = [], []
    for i, text in enumerate(texts):
        words = re.findall(r"\w+", text.lower())
        for word in words + [" ".join(pair) for pair in zip(words, words[1:])]:
            rows.append(i)
            columns.append(zlib.crc32(word.encode()) % buckets)
    index = torch.tensor([rows, columns])
    counts = torch.sparse_coo_tensor(index, torch.ones(len(rows)), (len(texts), buckets)).coalesce()
    present = torch.bincount(counts.indices()[1], minlength=buckets)
    weight = torch.log((1 + len(texts)) / (1 + present.float()))
    values = counts.values().log1p() * weight[counts.indices()[1]]
    matrix = torch.sparse_coo_tensor(counts.indices(), values, counts.shape).coalesce()
    kept = torch.index_select(matrix, 0, torch.from_numpy(numpy.flatnonzero(train)))
    _, _, right = torch.svd_lowrank(kept, q=dim, niter=2)
    return nn.functional.normalize(torch.sparse.mm(matrix, right), dim=1)


class MatrixFactorization(nn.Module):
    """The paper's decoder: correctness of model m on question q."""

    def __init__(self, models, inputs):
        super().__init__()
        self.models = nn.Embedding(models, DIM)
        self.projection = nn.Linear(inputs, DIM)
        self.classifier = nn.Linear(DIM, 2)

    def forward(self, model, question):
        return self.classifier(self.models(model) * self.projection(question))


def peer(questions, splits, answers, models, epochs, seed):
    """Epochs as (seconds of training so far, log loss on val)."""
    torch.manual_seed(seed)
    network = MatrixFactorization(models, questions.shape[1])
    optimizer = torch.optim.Adam(network.parameters(), lr=RATE, weight_decay=L2)
    question, model = (torch.from_numpy(answers[i]) for i in (0, 1))
    label = torch.from_numpy(answers[2]).float()
    target = torch.stack([1 - label, label], dim=1)
    train, val = (torch.from_numpy(numpy.flatnonzero(splits == split)) for split in ("train", "val"))
    spent, found = 0.0, []
    for epoch in range(epochs):
        start = time.perf_counter()
        for batch in train[torch.randperm(len(train))].split(BATCH):
            q = questions[question[batch]]
            logits = network(model[batch], q + NOISE * torch.randn_like(q))
            loss = nn.functional.cross_entropy(logits, target[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        spent += time.perf_counter() - start
        with torch.no_grad():
            logits = network(model[val], questions[question[val]])
            found.append((spent, nn.functional.cross_entropy(logits, target[val]).item()))
        print(f"paper  epoch {epoch + 1:2}  {spent:7.1f} s  val loss {found[-1][1]:.4f}", flush=True)
    return found


def ours(program, folder, seed):
    """Epochs as (seconds since the program was started, log loss on val), and the seconds of the whole run."""
    with tempfile.TemporaryDirectory() as out:
        command = [program, "train", folder, "-o", Path(out) / "peer.safetensors", "--seed", str(seed), "--json", "--quiet"]
        start = time.perf_counter()
        report = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        whole = time.perf_counter() - start
    # Its own clock starts when the records are read.
    read = whole - report["seconds"]
    found = [(read + epoch["seconds"], epoch["val_nll"]) for epoch in report["epochs"]]
    for i, (seconds, loss) in enumerate(found):
        print(f"llmap  epoch {i + 1:2}  {seconds:7.1f} s  val loss {loss:.4f}", flush=True)
    return found, whole


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--llmap", default="target/release/llmap")
    parser.add_argument("--embeddings", type=Path, help="a .npy file with a row for each question")
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    texts, splits, answers, models = records(given.data)
    if given.embeddings:
        questions = torch.from_numpy(numpy.load(given.embeddings)).float()
    else:
        train = numpy.zeros(len(texts), dtype=bool)
        train[answers[0][splits == "train"]] = True
        questions = hashed(texts, train)
    paper = peer(questions, splits, answers, models, given.epochs, given.seed)
    best = min(loss for _, loss in paper)
    slow = next(seconds for seconds, loss in paper if loss == best)
    epochs, whole = ours(given.llmap, given.data, given.seed)
    fast = next((seconds for seconds, loss in epochs if loss <= best), None)
    result = {
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "paper_best_val_loss": best,
        "paper_seconds_to_it": slow,
        "paper_seconds": paper[-1][0],
        "llmap_seconds_to_it": fast,
        "llmap_seconds": whole,
        "llmap_best_val_loss": min(loss for _, loss in epochs),
        "times_shorter": slow / fast if fast else None,
    }
    if given.json:
        print(json.dumps(result, indent=2))
    elif fast:
        print(f"\npaper: best val loss {best:.4f} after {slow:.1f} s; llmap is below it after {fast:.1f} s, {slow / fast:.1f} times sooner")
    else:
        print(f"\nllmap does not get to the paper's best val loss of {best:.4f}")


if __name__ == "__main__":
    main()
