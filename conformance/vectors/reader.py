"""A second reader of the vectors beside the client: python3 conformance/vectors/reader.py. It needs the standard library alone."""

import codecs
import json
import pathlib
import re
import sys

ENDS = {"completed", "failed", "cancelled"}


def parse(pieces):
    """Yields (id, event, data) of a stream of bytes (HTML Living Standard, section 9.2). An event that was cut is none."""
    decoder, text, is_start = codecs.getincrementaldecoder("utf-8")(), "", True
    event_id, event, data = None, "message", []
    for piece in pieces:
        text += decoder.decode(piece)
        if is_start and text:
            text, is_start = text.removeprefix("\ufeff"), False
        # A CR at the end may be half of a CRLF.
        while match := re.search(r"\r\n|\n|\r(?!$)", text):
            line, text = text[: match.start()], text[match.end() :]
            if line == "":
                if data:
                    yield event_id, event, "\n".join(data)
                event_id, event, data = None, "message", []
                continue
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "id":
                event_id = value
            elif name == "event":
                event = value
            elif name == "data":
                data.append(value)


class Job:
    """What is known of a job after its events."""

    def __init__(self, cursor=None):
        self.cursor, self.is_over, self.is_partial = cursor, False, cursor is not None
        self.items, self.state, self.first = [], {"status": "waiting", "percent": 0, "items": {}}, {}

    def take(self, event_id, event, text):
        """Takes an event of a stream."""
        number = int(event_id) if event_id is not None and re.fullmatch(r"[0-9]+", event_id) else None
        try:
            data = json.loads(text)
        except ValueError:
            return
        is_old = number is not None and self.cursor is not None and number <= self.cursor
        if self.is_over or is_old or not isinstance(data, dict):
            return
        if event == "reset":
            self.cursor = None
        if number is not None:
            self.cursor = number
        self.apply(event, data)

    def take_status(self, job):
        """Takes a status with all items, which tells what no event has told."""
        if self.is_partial:
            self.apply("reset", {})
        for name, values in job.get("items", {}).items():
            for index, value in enumerate(values):
                self.apply("item", {"list": name, "index": index, "value": value})
        if "progress" in job:
            self.apply("progress", job["progress"])
        if "child" in job.get("result", {}):
            self.apply("child", {"child": job["result"]["child"]})
        self.apply(job["status"] if job["status"] in ENDS else "status", job)

    def apply(self, event, data):
        state = self.state
        if event == "status":
            self.clear("position", "etaSeconds", "retryAt")
            self.keep(data, "status", "attempt", "position", "etaSeconds", "retryAt")
        elif event == "progress":
            state["percent"], state["stage"] = max(state["percent"], data["percent"]), data["stage"]
        elif event == "item":
            held = state["items"].setdefault(data["list"], [])
            if data["index"] < self.first.setdefault(data["list"], data["index"]) + len(held):
                return
            held.append(data["value"])
            self.items.append({name: data[name] for name in ("list", "index", "value")})
            state["percent"] = max(state["percent"], data.get("percent", 0))
        elif event == "attempt":
            state["attempt"], state["restart"] = data["attempt"], {name: data[name] for name in ("code", "itemsKept")}
        elif event == "child":
            state["child"] = data["child"]
        elif event == "reset":
            self.items, self.first, self.is_partial = [], {}, False
            self.state = {"status": state["status"], "percent": state["percent"], "items": {}}
        elif event in ENDS:
            self.clear("position", "etaSeconds", "retryAt")
            state["status"], self.is_over = event, True
            self.keep(data, "result", "error", "usage")
            if event == "completed":
                state["percent"] = 100
            if event == "cancelled":
                state["error"] = {"code": "cancelled"}

    def clear(self, *names):
        for name in names:
            self.state.pop(name, None)

    def keep(self, data, *names):
        self.state.update({name: data[name] for name in names if name in data})


def read(vector, size):
    """Plays the connections of a vector, in pieces of so many bytes. Returns what was found, and what was expected."""
    job, asked = Job(vector.get("cursor")), []
    for connection in vector["connections"]:
        asked.append(None if job.cursor is None else str(job.cursor))
        if connection["status"] == 204:
            job.take_status(connection["job"])
        else:
            stream = "".join(connection["stream"]).encode()
            for event in parse(stream[at : at + size] for at in range(0, len(stream), size)):
                job.take(*event)
    expected = vector["expected"]
    error = job.state.get("error")
    if error and error["code"] == "cancelled":
        job.state["error"] = {"code": "cancelled"}  # its words are the reader's own
    wanted = [connection["lastEventId"] for connection in vector["connections"]]
    return (asked, job.items, job.cursor, job.state), (wanted, expected["items"], expected["cursor"], expected["state"])


if __name__ == "__main__":
    wrong, files = 0, sorted(pathlib.Path(__file__).parent.glob("*.json"))
    for path in files:
        vector = json.loads(path.read_text(encoding="utf-8"))
        for size in (1, 7, 1_000_000):
            found, expected = read(vector, size)
            if found != expected:
                wrong += 1
                print(f"{path.name}, in pieces of {size} bytes:\n  found    {found}\n  expected {expected}")
    print(f"{len(files)} vectors, {wrong} wrong")
    sys.exit(1 if wrong else 0)
