#!/usr/bin/env python3
"""`eosin serve` beside FastAPI with ONNX Runtime, the same exported model, and under hostile uploads.

    python3 bench/serve_load.py EOSIN RUN IMAGES [--seconds 10] [--soak 600]

EOSIN is the release binary, RUN a run of it, IMAGES a folder of JPEG or PNG patches. Needs fastapi, uvicorn, python-multipart,
onnxruntime, pillow, numpy. Both servers get one image a request, as its body, from clients that ask again as soon as they
are answered; servers take turns, and medians of three turns are printed. With --soak the hostile part goes on for so many seconds.
"""
import argparse, asyncio, json, os, pathlib, random, statistics, subprocess, sys, tempfile, time

FASTAPI = '''
import io, os, numpy as np, onnxruntime as ort
from fastapi import FastAPI, Request
from PIL import Image
session = ort.InferenceSession(os.environ["MODEL"], providers=["CPUExecutionProvider"])
entry = session.get_inputs()[0]
app = FastAPI()
@app.post("/predict")
async def predict(request: Request):
    image = Image.open(io.BytesIO(await request.body())).convert("RGB")
    pixels = np.asarray(image)
    pixels = pixels.astype(np.uint8 if "uint8" in entry.type else np.float32)
    if entry.shape[1] == 3:
        pixels = pixels.transpose(2, 0, 1)
    return {"probs": session.run(None, {entry.name: pixels[None]})[0][0].tolist()}
'''


def request(body, kind="image/jpeg", keep=True):
    head = f"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return (head + ("" if keep else "Connection: close\r\n") + "\r\n").encode() + body


async def answer(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
    return int(head[9:12]), await reader.readexactly(length)


async def client(port, images, until, seen):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.monotonic() < until:
        begun = time.monotonic()
        writer.write(request(random.choice(images)))
        status, _ = await answer(reader)
        seen.append((status, time.monotonic() - begun))
    writer.close()


async def load(port, images, clients, seconds):
    seen, begun = [], time.monotonic()
    await asyncio.gather(*(client(port, images, begun + seconds, seen) for _ in range(clients)))
    took = time.monotonic() - begun
    times = sorted(t for _, t in seen)
    lost = sum(status != 200 for status, _ in seen)
    at = lambda share: 1000 * times[min(len(times) - 1, int(share * len(times)))]
    return len(seen) / took, at(0.5), at(0.95), at(0.99), lost


def wait_for(port):
    import socket
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit(f"nobody listens on {port}")


def memory(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024


async def hostile(port, images, seconds, pid):
    """Good clients among bad ones; every good request has to be answered."""
    stop = time.monotonic() + seconds
    good, before, bad = [], memory(pid), 0
    sent = asyncio.gather(*(client(port, images, stop, good) for _ in range(4)))
    import zlib, struct
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(bytes(30_000_000)))
    bodies = [bomb, images[0][: len(images[0]) // 2], b"", b"GIF89a" + bytes(50), b"\xff\xd8\xff" + os.urandom(5000), os.urandom(100_000)]

    async def one(body):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request(body, keep=False))
            status, _ = await asyncio.wait_for(answer(reader), 60)
            writer.close()
            return status
        except (OSError, asyncio.IncompleteReadError, ConnectionError):
            return 0

    async def slow():
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\nx")
            await reader.read()
            writer.close()
        except OSError:
            pass

    statuses, waiting = {}, []
    while time.monotonic() < stop:
        for status in await asyncio.gather(*(one(body) for body in bodies)):
            statuses[status] = statuses.get(status, 0) + 1
        if len([task for task in waiting if not task.done()]) < 300:
            waiting += [asyncio.create_task(slow()) for _ in range(20)]
        await asyncio.sleep(0.05)
    await sent
    for task in waiting:
        task.cancel()
    lost = sum(status != 200 for status, _ in good)
    times = sorted(t for _, t in good)
    print(f"hostile: {seconds} s, {len(good)} good requests, {lost} not answered 200, p99 {1000 * times[int(.99 * len(times))]:.0f} ms;"
          f" bad requests by status {statuses}, {len(waiting)} slow senders; memory {before:.0f} -> {memory(pid):.0f} MiB")


def main():
    words = argparse.ArgumentParser()
    words.add_argument("eosin"), words.add_argument("run"), words.add_argument("images")
    words.add_argument("--seconds", type=float, default=10), words.add_argument("--soak", type=float, default=30)
    args = words.parse_args()
    images = [p.read_bytes() for p in sorted(pathlib.Path(args.images).rglob("*")) if p.suffix in (".jpg", ".png")][:500]
    with tempfile.TemporaryDirectory() as folder:
        model = f"{folder}/model.onnx"
        subprocess.run([args.eosin, "export", args.run, "--out", model], check=True, stdout=subprocess.DEVNULL)
        pathlib.Path(folder, "app.py").write_text(FASTAPI)
        ours = subprocess.Popen([args.eosin, "serve", args.run, "--port", "8801"], stdout=subprocess.DEVNULL)
        theirs = subprocess.Popen([sys.executable, "-m", "uvicorn", "app:app", "--port", "8802", "--log-level", "error"],
                                  cwd=folder, env={**os.environ, "MODEL": model})
        try:
            wait_for(8801), wait_for(8802)
            print("clients | server | requests/s | p50 ms | p95 ms | p99 ms | not answered 200")
            for clients in (1, 8, 64):
                turns = {"eosin": [], "FastAPI + ONNX Runtime": []}
                for _ in range(3):
                    for name, port in zip(turns, (8801, 8802)):
                        turns[name].append(asyncio.run(load(port, images, clients, args.seconds)))
                for name, found in turns.items():
                    median = [statistics.median(column) for column in zip(*found)]
                    print(f"{clients} | {name} | " + " | ".join(f"{value:.1f}" for value in median))
            asyncio.run(hostile(8801, images, args.soak, ours.pid))
        finally:
            ours.terminate(), theirs.terminate()
            print("eosin serve ended with", ours.wait(30))


main()
