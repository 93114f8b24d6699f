"""Draw the six gallery pictures of ants and bees from nothing, with a small ellipsoid renderer."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

OUT, S = 480, 1440  # written size and drawn size: three samples a pixel each way keeps hairs and legs smooth
A = np.ndarray
Row = Sequence[float] | A
Rows = Sequence[Row] | A
Paint = Row | Callable[[A], A]  # a colour, or colours at points of the unit sphere (nan: nothing there)
UP = np.array([0.0, 0.0, 1.0])
LIGHT = np.array([-0.42, -0.55, 0.72])  # x right, y down, z towards the eye
GREENS = [(0.09, 0.17, 0.06), (0.29, 0.37, 0.13), (0.66, 0.72, 0.42)]
BICUBIC = Image.Resampling.BICUBIC


def unit(v: A) -> A:
    return v / (np.linalg.norm(v, axis=-1, keepdims=True) + 1e-9)


def spin(angle: float, axis: int) -> A:
    """Rotation by degrees about a coordinate axis."""
    c, s, m = np.cos(np.radians(angle)), np.sin(np.radians(angle)), np.eye(3)
    i, j = [(1, 2), (2, 0), (0, 1)][axis]
    m[i, i], m[j, j], m[i, j], m[j, i] = c, c, -s, s
    return m


class Frame(NamedTuple):
    """Where a thing stands: its origin and its axes in pixels; z = 0 is the ground."""

    origin: A
    basis: A

    def at(self, p: Row) -> A:
        return self.origin + np.asarray(p, float) @ self.basis.T

    def child(self, p: Row, turn: A, scale: float = 1.0) -> "Frame":
        return Frame(self.at(p), self.basis @ turn * scale)


def view(x: float, y: float, pitch: float, scale: float) -> Frame:
    """Camera tilted by pitch from straight above; x, y and scale are parts of the picture."""
    return Frame(np.array([x * S, y * S, 0.0]), spin(pitch, 0) * scale * S)


def noise(rng: np.random.Generator, cells: int, octaves: int = 3) -> A:
    """Smooth noise of about 0 +- 1, each octave half as coarse and half as strong."""
    grids = [rng.normal(0, 0.5**k, (cells * 2**k,) * 2).astype(np.float32) for k in range(octaves)]
    return sum(np.asarray(Image.fromarray(g).resize((S, S), BICUBIC)) for g in grids)


def blur(a: A, radius: float) -> A:
    """Gaussian blur of a 0..1 array, at reduced size where the blur hides that."""
    small = max(1, int(radius // 4))
    pic = Image.fromarray((np.clip(a, 0, 1) * 255).astype(np.uint8)).reduce(small)
    pic = pic.filter(ImageFilter.GaussianBlur(radius / small)).resize(a.shape[1::-1], BICUBIC)
    return np.asarray(pic, np.float32) / 255


class Canvas:
    """Depth, normal, colour and gloss of what is nearest at each pixel; lit only at the end."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.z, self.gloss = np.full((S, S), -1e4, np.float32), np.zeros((S, S), np.float32)
        self.n, self.c = np.zeros((S, S, 3), np.float32), np.zeros((S, S, 3), np.float32)
        self.grit = np.stack([noise(self.rng, n, 2) * 0.04 for n in (170, 171, 60)], -1)

    def ball(self, f: Frame, p: Row, r: Row, colour: Paint, gloss: float = 0, turn: A | None = None) -> None:
        """Ray-cast the ellipsoid of half axes r, turned, at p."""
        centre, axes = f.at(p), f.basis @ (np.eye(3) if turn is None else turn) * r
        ext = np.sqrt((axes[:2] ** 2).sum(1))
        (x0, y0), (x1, y1) = np.clip([centre[:2] - ext, centre[:2] + ext + 1], 0, S).astype(int)
        box, inv = np.s_[y0:y1, x0:x1], np.linalg.inv(axes)
        ys, xs = np.mgrid[box] - centre[1::-1, None, None]
        q = xs[..., None] * inv[:, 0] + ys[..., None] * inv[:, 1]
        a, b = inv[:, 2] @ inv[:, 2], q @ inv[:, 2]
        disc = b * b - a * ((q * q).sum(-1) - 1)
        z = (np.sqrt(np.maximum(disc, 0)) - b) / a
        hit = (disc > 0) & (z + centre[2] > self.z[box])
        local = (q + z[..., None] * inv[:, 2])[hit]
        paint = colour(local) if callable(colour) else np.broadcast_to(np.asarray(colour), local.shape)
        keep = ~np.isnan(paint[:, 0])
        hit[hit] = keep
        grit = self.grit[box][hit]  # nothing in nature is perfectly smooth or of one colour
        self.z[box][hit], self.gloss[box][hit] = z[hit] + centre[2], gloss
        self.n[box][hit] = unit(local[keep] @ inv) + grit * (1, 1, 0)
        self.c[box][hit] = paint[keep] * (1 + 2 * grit[:, 2:])

    def tube(self, f: Frame, points: Rows, radii: Row, colours: Rows, gloss: float = 0.3,
             side: int = 1, jitter: float = 0.0) -> A:  # fmt: skip
        """A limb: spheres strung closely along a line, mirrored and a little displaced."""
        pts, r, tones = (np.array(v, float) for v in (points, radii, colours))
        pts[1:, :2] += self.rng.normal(0, jitter, (len(pts) - 1, 2))
        pts *= (1, side, 1)
        for k, length in enumerate(np.linalg.norm(np.diff(pts, axis=0), axis=1)):
            for t in np.arange(0, 1, max(r[k + 1] * 0.25, 0.005) / length):
                p, radius, tone = (v[k] * (1 - t) + v[k + 1] * t for v in (pts, r, tones))
                self.ball(f, p, [radius] * 3, tone, gloss)
        return pts

    def fur(self, f: Frame, p: Row, r: Row, count: int, length: float, colour: Paint,
            lay: Row = (-0.5, 0, 0), mess: float = 0.4) -> None:  # fmt: skip
        """Hairs rooted on an ellipsoid, leaning to lay; colour is asked for their roots."""
        u = unit(self.rng.normal(size=(count, 3)))
        root, normal = np.asarray(p) + u * r, unit(u / r)
        way = unit(normal + np.asarray(lay) + self.rng.normal(0, mess, (count, 3)))
        t = np.linspace(0, 1, int(length * np.linalg.norm(f.basis[:, 0]) * 1.5))[:, None]
        reach = length * self.rng.uniform(0.4, 1.15, (count, 1, 1)) * t
        pts = f.at(root[:, None] + way[:, None] * reach - UP * reach * t * 0.25).reshape(-1, 3)
        n = unit((normal * 0.8 + way * 0.5) @ f.basis.T)[:, None]
        rim = 1 + 1.1 * (1 - np.abs(n[..., 2:])) ** 2  # light shines through the hairs at the outline
        clump = 1 + 0.25 * (np.sin(root @ (31, 17, 23)) * np.sin(root @ (-13, 37, 19)))[:, None, None]
        base = colour(root) if callable(colour) else np.array(colour)
        tone = (base * self.rng.uniform(0.6, 1.3, (count, 1)))[:, None] * (0.3 + 0.9 * t) * rim * clump
        order = np.argsort(pts[:, 2])  # the last write wins, so the nearest goes last
        for dx in (0, 1):
            (x, y), z = pts[order, :2].astype(int).T, pts[order, 2]
            x, y = np.clip(x + dx, 0, S - 1), np.clip(y, 0, S - 1)
            ok = z > self.z[y, x]
            at, which = (y[ok], x[ok]), order[ok]
            self.z[at], self.c[at], self.gloss[at] = z[ok], tone.reshape(-1, 3)[which], 0.05
            self.n[at] = n[which // len(t), 0]

    def ground(self, f: Frame, height: A, colour: A, gloss: float = 0.0) -> None:
        """The plane z = 0 of a frame, roughened by a height map in pixels."""
        n, (ys, xs), (gy, gx) = unit(f.basis[:, 2]), np.mgrid[:S, :S], np.gradient(height)
        there = ~np.isnan(colour[..., 0])
        z = f.origin[2] - ((xs - f.origin[0]) * n[0] + (ys - f.origin[1]) * n[1]) / n[2] + height
        self.z[there], self.c[there], self.gloss[there] = z[there], colour[there], gloss
        self.n[there] = unit(np.stack([n[0] - gx, n[1] - gy, n[2] + 0 * gx], -1))[there]

    def shadow(self) -> tuple[A, A]:
        """Cast shadow (the depth map marched towards a broad light) and crevice darkness, both 0..1."""
        z = self.z.reshape(OUT, 3, OUT, 3).mean((1, 3)) / 3
        z = np.maximum(z, z[z > -1500].min() - 50)
        lit, span = np.zeros_like(z), np.ptp(z)
        for light in (LIGHT + (dx, dy, 0) for dx in (-0.16, 0, 0.16) for dy in (-0.16, 0, 0.16)):
            free = np.ones_like(z)
            for k in np.geomspace(1.5, 110, 22):
                moved = np.roll(z, (-round(light[1] * k), -round(light[0] * k)), (0, 1))
                free = np.minimum(free, np.clip(1 - (moved - z - light[2] * k - 0.4) / 2.5, 0, 1))
            lit += free / 9
        level = (z - z.min()) / span
        deep = np.clip(sum(np.clip((blur(level, r) - level) * span / r, 0, 1) for r in (3, 9, 24)), 0, 1)
        lit, deep = (np.asarray(Image.fromarray(v).resize((S, S), BICUBIC))[..., None] for v in (lit, deep))
        return blur(lit[..., 0], 6)[..., None], np.clip(deep, 0, 1)

    def light(self) -> A:
        """Sun, sky and the reflections of both."""
        (lit, deep), n, sun = self.shadow(), self.n, np.float32(unit(LIGHT))
        sky = 0.675 + 0.325 * (n @ np.float32((-0.1, -0.8, 0.6)))[..., None]
        direct = np.clip((n @ sun)[..., None] * 0.85 + 0.15, 0, 1) * lit * np.float32((1.55, 1.42, 1.22))
        mirror = 2 * n[..., 2:] * n - np.float32(UP)
        soft = np.clip((mirror @ sun)[..., None], 0, 1)
        window = np.clip((mirror @ np.float32((0.1, -0.9, 0.35)) - 0.45) * 2.2, 0, 1)[..., None]
        fresnel = 0.25 + 0.75 * (1 - np.clip(n[..., 2:], 0, 1)) ** 3
        shine = (0.9 * soft**40 + 0.22 * soft**8) * (0.25 + 0.75 * lit) + 0.35 * window * fresnel
        out = (
            self.c * (direct + sky * np.float32((0.30, 0.33, 0.36))) * (1 - 0.7 * deep) + self.gloss[..., None] * shine
        )
        out = (1 - np.exp(-1.35 * np.maximum(out, 0))) ** (1 / 2.2)
        return out * 0.5 + 0.5 * out * out * (3 - 2 * out)  # a photograph's contrast

    def develop(self, backdrop: A, focus: float, wings: Sequence[tuple[A, A]] = ()) -> Image.Image:
        """Blur what is out of focus, lay on wings, add grain."""
        seen = self.z > -9000
        out = picture = np.where(seen[..., None], self.light(), backdrop)
        haze = np.where(seen, np.abs(self.z - focus) / S, 0)  # then 56 pixels of blur per frame of distance
        haze, last = np.maximum(blur(haze, 6) * 56 - 2.8, 0) * seen, 0.0
        for radius in (3.0, 8.0, 18.0, 36.0):  # between two blurs a pixel mixes both
            weight = np.where(seen, np.clip(haze / radius, 0.02, 1), 0.6)  # keeps sharp things from bleeding
            soft = blur(out * weight[..., None], radius) / np.maximum(blur(weight, radius), 0.02)[..., None]
            mix = np.clip((haze - last) / (radius - last), 0, 1)[..., None]
            picture, last = picture * (1 - mix) + soft * mix, radius
        edge = np.where(seen, blur(seen.astype(float), 2), 0)[..., None]
        picture = picture * edge + np.where(seen[..., None], picture, backdrop) * (1 - edge)
        for colour, alpha in wings:
            picture = picture * (1 - alpha) + colour * alpha
        ys, xs = np.mgrid[-1 : 1 : S * 1j, -1 : 1 : S * 1j]
        picture = np.clip(picture * (1.02 - 0.1 * (xs**2 + ys**2) ** 1.2)[..., None], 0, 1)
        small = Image.fromarray((picture * 255).astype(np.uint8)).resize((OUT, OUT), Image.Resampling.LANCZOS)
        grain = self.rng.normal(0, 2.4, (OUT, OUT, 1)) + self.rng.normal(0, 0.8, (OUT, OUT, 3))
        return Image.fromarray(np.clip(np.asarray(small) + grain, 0, 255).astype(np.uint8))


def bokeh(rng: np.random.Generator, tones: Rows, spots: int) -> A:
    """Far background: soft patches of a few colours and the discs that points of light become."""
    dark, light, glow = np.asarray(tones, float)
    patch, warm = (np.clip(v, 0, 1)[..., None] for v in (0.5 + 0.5 * noise(rng, 4, 2), noise(rng, 3, 2)))
    out = dark + (light - dark) * patch + warm * (0.10, 0.04, 0.02)
    discs = np.zeros((S, S), np.float32)
    for _ in range(spots):
        layer = Image.new("L", (S, S))
        (x, y), r = rng.uniform(-0.05, 1.05, 2) * S, rng.uniform(0.025, 0.09) * S
        ImageDraw.Draw(layer).ellipse((x - r, y - r, x + r, y + r), fill=int(rng.uniform(25, 100)))
        discs = np.maximum(discs, np.asarray(layer) / 255)
    discs = blur(discs, 14)[..., None]
    return blur(out, 30) * (1 - discs) + glow * discs


def wing(rng: np.random.Generator, f: Frame, root: Row, side: int, spread: float, size: float) -> tuple[A, A]:
    """A clear veined wing as colour and opacity."""
    veins = [
        [(0, 0), (0.66, 0.075)], [(0, -0.01), (0.34, 0), (0.46, -0.03), (0.66, 0.06), (0.9, 0.05)],
        [(0, -0.02), (0.3, -0.08), (0.56, -0.1), (0.72, -0.05), (0.7, 0.06)], [(0.34, 0), (0.28, -0.15)],
        [(0.46, -0.03), (0.5, -0.1), (0.46, -0.2)], [(0.58, 0.02), (0.6, -0.1), (0.74, -0.17)],
        [(0.1, -0.05), (0.46, -0.2)], [(0.72, -0.05), (0.84, -0.1)],
    ]  # fmt: skip
    turn = spin(-side * spread, 2) @ spin(12, 1)

    def line(points: Rows) -> list[tuple[float, ...]]:
        p = np.array([(-s * size, side * t * size * 1.15, 0.03 * np.sin(9 * s)) for s, t in points])
        return [tuple(v[:2]) for v in f.at(p @ turn.T + root)]

    film, ribs = Image.new("L", (S, S)), Image.new("L", (S, S))
    a = np.linspace(0, 2 * np.pi, 60)
    s, lobe = (1 - np.cos(a)) / 2, np.where(a < np.pi, 0.1, 0.29)
    edge = line(np.stack([s, np.sin(a) * lobe * s**0.45 - 0.03 * s], 1))
    ImageDraw.Draw(film).polygon(edge, fill=255)
    for points, width in [(edge, 5)] + [(line(v), 6 if k < 2 else 4) for k, v in enumerate(veins)]:
        ImageDraw.Draw(ribs).line(points, fill=190, width=width, joint="curve")
    inside, rib = (blur(np.asarray(v) / 255, 1.4)[..., None] for v in (film, ribs))
    gleam = np.clip(noise(rng, 7, 2) * 0.5, 0, 1)[..., None]
    alpha, rib = inside * (0.2 + 0.28 * gleam), inside * rib * 0.8
    colour = (np.array((0.86, 0.82, 0.74)) + gleam * 0.12) * alpha + np.array((0.24, 0.14, 0.06)) * rib
    return colour / np.maximum(alpha + rib, 1e-3), np.clip(alpha + rib, 0, 0.9)


def ant(c: Canvas, f: Frame, front: Row, rear: Row) -> None:
    """x forward, about 2.3 units long."""
    front, rear = np.array(front), np.array(rear)
    shades = front * np.array([[0.7], [0.8], [0.75], [1.1], [1.5]])
    legs = [
        [(0.30, 0.08, 0.26), (0.36, 0.2, 0.28), (0.6, 0.5, 0.46), (0.86, 0.66, 0.1), (1.08, 0.76, 0.02)],
        [(0.12, 0.08, 0.25), (0.12, 0.2, 0.26), (0.1, 0.58, 0.5), (0.02, 0.9, 0.1), (0.06, 1.14, 0.02)],
        [(-0.05, 0.08, 0.25), (-0.1, 0.2, 0.26), (-0.38, 0.52, 0.52), (-0.78, 0.76, 0.1), (-1.05, 0.86, 0)],
    ]
    feeler = [(0.78, 0.07, 0.44), (0.88, 0.24, 0.6), (0.98, 0.42, 0.7), (1.2, 0.42, 0.62), (1.42, 0.33, 0.42)]
    for side in (1, -1):
        for leg in legs:
            c.tube(f, leg, (0.055, 0.05, 0.036, 0.026, 0.013), shades, 0.5, side, 0.035)
        c.tube(f, feeler, (0.022, 0.02, 0.022, 0.024, 0.03), shades, 0.4, side, 0.02)
        jaw = [(0.82, 0.09, 0.33), (0.95, 0.1, 0.28), (1.03, 0.01, 0.25)]
        c.tube(f, jaw, (0.075, 0.055, 0.015), shades[:3], 0.6, side)
        c.ball(f, (0.7, 0.19 * side, 0.43), (0.06, 0.03, 0.055), (0.008, 0.007, 0.006), 1.0)

    def gaster(p: A) -> A:
        ring = np.abs((p[:, :1] * 2.6 + 0.25) % 1 - 0.5)
        return rear * (0.75 + 0.9 * np.clip((ring - 0.42) * 12, 0, 1))

    for p, r, colour, tilt in [
        ((-0.78, 0, 0.38), (0.50, 0.36, 0.35), gaster, 8),
        ((-0.32, 0, 0.27), (0.1, 0.06, 0.06), front * 0.8, 0),  # petiole and its node
        ((-0.235, 0, 0.3), (0.075, 0.085, 0.15), front, 0),
        ((-0.06, 0, 0.33), (0.2, 0.125, 0.14), front, -15),  # thorax in three lumps
        ((0.13, 0, 0.4), (0.19, 0.13, 0.13), front * 0.9, 5),
        ((0.3, 0, 0.4), (0.17, 0.155, 0.145), front, 12),
        ((0.46, 0, 0.39), (0.09, 0.07, 0.07), front * 0.6, 0),  # neck, head
        ((0.68, 0, 0.39), (0.25, 0.225, 0.17), front, 14),
    ]:
        c.ball(f, p, r, colour, 1.0, spin(tilt, 1))
    c.fur(f, (-0.78, 0, 0.38), (0.5, 0.36, 0.35), 110, 0.05, (0.35, 0.24, 0.13), mess=0.2)
    c.fur(f, (0.2, 0, 0.4), (0.3, 0.14, 0.14), 40, 0.07, (0.35, 0.24, 0.13), (0, 0, 0.3))


def bee(c: Canvas, f: Frame) -> list[tuple[A, A]]:
    """x forward, about 2 units long; the wings come back, to be laid on when the rest is lit."""
    dark, amber = np.array((0.022, 0.013, 0.008)), np.array((0.55, 0.23, 0.04))
    s = np.linspace(0, 1, 36)
    girth = 0.335 * np.sqrt(np.sin(np.pi * (0.16 + 0.82 * s**1.25))) * (1 + 0.035 * ((s * 6) % 1))
    band = np.clip((np.abs((s * 6) % 1 - 0.32) - 0.2) * 9 + (s > 0.84), 0, 1)[:, None]
    spine = np.stack([-0.12 - 1.1 * s, 0 * s, 0.36 - 0.16 * s**2], 1)
    c.tube(f, spine, girth, amber * (1 - band) + dark * band, 0.4)

    def striped(p: A) -> A:
        ring = ((-0.12 - p[:, :1]) / 1.1 * 6 + 0.05) % 1
        return np.where((ring < 0.5) & (p[:, :1] > -0.98), (0.74, 0.45, 0.16), (0.06, 0.03, 0.015))

    def gold(p: A) -> A:
        bald = np.exp(-((p[:, :1] - 0.22) ** 2 + p[:, 1:2] ** 2) / 0.025) * (p[:, 2:] > 0.5)
        return np.array((0.62, 0.34, 0.09)) * (1 - 0.8 * bald)

    c.fur(f, (-0.6, 0, 0.32), (0.6, 0.335, 0.325), 5000, 0.085, striped, (-1.3, 0, 0), 0.25)
    c.ball(f, (0.2, 0, 0.4), (0.36, 0.31, 0.29), (0.08, 0.04, 0.015), 0.1)
    c.ball(f, (0.66, 0, 0.33), (0.16, 0.245, 0.24), (0.03, 0.02, 0.012), 0.3)
    brown = np.array((0.045, 0.025, 0.013)) * np.array([[1], [1.2], [1.6], [1.6], [2]])
    legs = [
        [(0.42, 0.15, 0.2), (0.6, 0.36, 0.22), (0.78, 0.42, 0.08), (0.92, 0.44, 0.02), (1.02, 0.42, 0)],
        [(0.2, 0.2, 0.2), (0.26, 0.46, 0.3), (0.2, 0.68, 0.12), (0.14, 0.8, 0.03), (0.1, 0.88, 0)],
        [(0.02, 0.2, 0.2), (-0.2, 0.46, 0.32), (-0.5, 0.62, 0.14), (-0.68, 0.66, 0.04), (-0.8, 0.68, 0)],
    ]
    feeler = [(0.79, 0.06, 0.42), (0.9, 0.14, 0.56), (0.96, 0.2, 0.6), (1.12, 0.29, 0.5), (1.28, 0.33, 0.36)]
    for side in (1, -1):
        for k, leg in enumerate(legs):
            shin = (0.04, 0.04, 0.062)[k]
            path = c.tube(f, leg, (0.05, 0.046, shin, 0.03, 0.014), brown, 0.35, side, 0.025)
            c.fur(f, (path[1] + path[2]) / 2, (0.13, 0.07, 0.09), 250, 0.07, (0.45, 0.26, 0.09))
        basket = (path[2] + path[3]) / 2 + (0, 0.03 * side, 0.02)  # pollen, on the hind legs
        c.ball(f, basket, (0.12, 0.06, 0.07), (0.50, 0.22, 0.03), 0, spin(15 * side, 2))
        c.ball(f, (0.69, 0.185 * side, 0.36), (0.115, 0.085, 0.175), (0.02, 0.012, 0.008), 0.55)
        c.tube(f, feeler, (0.022, 0.018, 0.021, 0.024, 0.022), brown, 0.3, side, 0.02)
    c.fur(f, (0.2, 0, 0.4), (0.36, 0.31, 0.29), 12000, 0.14, gold, (-0.35, 0, 0.1), 0.4)
    c.fur(f, (0.66, 0, 0.33), (0.15, 0.16, 0.22), 1500, 0.09, gold, (0.2, 0, 0.2), 0.4)
    pairs = ((0.02, 20, 0.85), (0.14, 28, 1.25))
    return [wing(c.rng, f, (x, 0.2 * k, 0.62), k, angle, size) for x, angle, size in pairs for k in (1, -1)]


def petals(c: Canvas, f: Frame, count: int, inner: float, tint: Rows, droop: float) -> None:
    """A ring of thin ellipsoids, grooved along their length and darker towards the root."""
    root, tip = np.array(tint)
    for k in range(count):
        turn = spin(360 * (k + c.rng.normal(0, 0.16)) / count, 2) @ spin(droop + c.rng.normal(0, 5), 1)
        long, phase, gain = 0.46 * c.rng.uniform(0.88, 1.1), c.rng.uniform(0, 6), c.rng.uniform(0.84, 1.06)

        def paint(p: A, phase: float = phase, gain: float = gain) -> A:
            t = np.clip(p[:, :1] * 0.75 + 0.45, 0, 1)
            groove = gain - 0.16 * (0.5 + 0.5 * np.cos(p[:, 1:2] * 15 + phase)) ** 3
            narrow = np.abs(p[:, 1:2]) > 0.55 + 0.45 * np.sqrt(np.clip((p[:, :1] + 1) * 0.7, 0, 1))
            return np.where(narrow, np.nan, (root * (1 - t) + tip * t) * groove)

        size = (long, 0.125 * c.rng.uniform(0.85, 1.15), 0.035)
        c.ball(f, turn @ (inner + long * 0.9, 0, 0), size, paint, 0.03, turn @ spin(c.rng.normal(0, 9), 0))


def florets(c: Canvas, f: Frame, radius: float, height: float, count: int, tint: Rows) -> None:
    """A flower's middle: the golden-angle spiral on a dome."""
    centre, rim = np.array(tint)
    c.ball(f, (0, 0, 0), (radius, radius, height * 0.9), centre * 0.4)
    for k in range(count):
        r, d = np.sqrt((k + 0.5) / count), radius * 1.25 / np.sqrt(count)
        p = (radius * r * np.cos(2.4 * k), radius * r * np.sin(2.4 * k), height * np.sqrt(1.02 - r * r))
        tone = (centre * (1 - r) + rim * r) * c.rng.uniform(0.75, 1.2)
        c.ball(f, p, (d, d, d * c.rng.uniform(1.2, 2.2)), tone, 0.08)


def clover(c: Canvas, f: Frame) -> None:
    """A ball of slim florets pointing outwards and up."""
    c.ball(f, (0, 0, 0), (0.7, 0.7, 0.7), (0.10, 0.03, 0.09))
    for k in range(540):
        z = 1 - 1.7 * (k + 0.5) / 540
        ring, hue = np.sqrt(1 - z * z), c.rng.random()
        way = (ring * np.cos(2.39996 * k), ring * np.sin(2.39996 * k), z + 0.25)
        way = unit(way + c.rng.normal(0, 0.07, 3))
        side = unit(np.cross(way, (0.3, 0.9, 0.1)))
        tip = np.array((0.62, 0.15, 0.46)) * (1 - hue) + np.array((0.80, 0.42, 0.72)) * hue

        def paint(p: A, tip: A = tip) -> A:
            t = np.clip(p[:, :1] * 0.8 + 0.3, 0, 1)
            return np.array((0.55, 0.38, 0.48)) * (1 - t) + tip * t

        turn = np.stack([way, side, np.cross(way, side)], 1)
        c.ball(f, way * c.rng.uniform(0.72, 0.84), (0.24, 0.052, 0.04), paint, 0.06, turn)


FLOWERS = {  # petals: how many, where they start, droop, colours at root and tip; then the middle
    "daisy": (17, 0.28, 6, [(0.72, 0.72, 0.62), (0.92, 0.91, 0.88)],
              (0.42, 0.16, 350, [(0.82, 0.50, 0.03), (0.85, 0.38, 0.02)])),
    "sunflower": (21, 0.42, 2, [(0.78, 0.30, 0.01), (0.92, 0.56, 0.03)],
                  (0.56, 0.14, 520, [(0.30, 0.17, 0.03), (0.12, 0.05, 0.015)])),
}  # fmt: skip


def bee_picture(seed: int, flower: str, x: float, y: float, pitch: float, yaw: float) -> Image.Image:
    c, f = Canvas(seed), view(x, y, pitch, 0.36 if flower == "clover" else 0.42)
    if flower == "clover":
        clover(c, f)
    else:
        count, inner, droop, tints, middle = FLOWERS[flower]
        for k in (0, 1):
            petals(c, f.child((0, 0, -0.05 * k), spin(9 * k, 2)), count, inner, tints, droop + 8 * k)
        florets(c, f, *middle)
    top = 1.0 if flower == "clover" else 0.16
    stand = f.child((0, 0, top), spin(yaw, 2), 0.26 * S / np.linalg.norm(f.basis[:, 0]))
    wings = bee(c, stand)
    return c.develop(bokeh(c.rng, GREENS, 30), stand.at((0, 0, 0.4))[2], wings)


def grains(c: Canvas, f: Frame, count: int, small: float, large: float, tones: Rows, gloss: float) -> None:
    """Many small stones and few large ones."""
    for _ in range(count):
        r = small * (large / small) ** (c.rng.random() ** 2.5)
        p = np.linalg.solve(f.basis[:2, :2], c.rng.uniform(-0.03, 1.03, 2) * S - f.origin[:2])
        turn = spin(c.rng.uniform(0, 360), 2) @ spin(c.rng.normal(0, 25), 0)
        tone = np.array(tones[c.rng.integers(len(tones))]) * c.rng.uniform(0.75, 1.2)
        c.ball(f, (*p, r * 0.1), r * c.rng.uniform(0.6, 1.1, 3), tone, gloss * c.rng.random(), turn)


def leaf(c: Canvas, f: Frame) -> None:
    """Midrib, side veins that bend towards the tip, and blistered skin between them."""
    where = np.moveaxis(np.mgrid[:S, :S][::-1], 0, -1) - f.origin[:2]
    u, v = np.moveaxis(where @ np.linalg.inv((f.basis @ spin(-28, 2))[:2, :2]).T, -1, 0)
    v = v + 0.35 + 0.04 * np.sin(u * 1.3)
    along = (u - 0.75 * np.abs(v) + 0.12 * v * v + 0.03 * noise(c.rng, 6, 2)) / 0.42
    gap = np.abs(along - np.round(along)) * 0.42
    vein = np.clip(np.exp(-((gap / 0.016) ** 2)) + 1.3 * np.exp(-((v / 0.035) ** 2)), 0, 1)[..., None]
    pillow = np.clip(gap / 0.2, 0, 1) ** 0.7 * 16 - 4 * np.exp(-((v / 0.05) ** 2))
    green = np.array((0.11, 0.27, 0.03)) * (1 + 0.14 * noise(c.rng, 5, 4))[..., None]
    off = np.abs(v) > 1.35 - 0.10 * (u - 0.2) ** 2 + 0.02 * np.abs(np.sin(u * 14))
    c.ground(f, pillow, np.where(off[..., None], np.nan, green + vein * (0.14, 0.17, 0.06)), 0.16)


def ant_picture(seed: int, ground: str, yaw: float, pitch: float, front: Row, rear: Row) -> Image.Image:
    c, f = Canvas(seed), view(0.5, 0.5, pitch, 0.27)
    rough, tint = noise(c.rng, 9, 6), 1 + 0.12 * noise(c.rng, 4, 5)[..., None]
    if ground == "sand":
        c.ground(f, rough * 6, (0.46, 0.35, 0.21) * tint)
        tones = [(0.62, 0.48, 0.30), (0.72, 0.60, 0.42), (0.45, 0.31, 0.17), (0.66, 0.62, 0.55)]
        grains(c, f, 10000, 0.015, 0.07, tones, 0.15)
    elif ground == "soil":
        c.ground(f, rough * 12, (0.085, 0.05, 0.03) * tint)
        tones = [(0.10, 0.06, 0.035), (0.14, 0.085, 0.05), (0.06, 0.035, 0.02), (0.2, 0.13, 0.08)]
        grains(c, f, 5000, 0.02, 0.16, tones, 0.05)
        c.c *= (1 + 0.25 * noise(c.rng, 120, 2))[..., None].clip(0.4, 1.8)
    else:
        leaf(c, f)
    ant(c, f.child((0, 0, 0.01), spin(yaw, 2)), front, rear)
    return c.develop(bokeh(c.rng, GREENS, 16), f.at((0, 0, 0.35))[2])


PICTURES: dict[str, Callable[[], Image.Image]] = {
    "bee-daisy": lambda: bee_picture(1, "daisy", 0.5, 0.56, 38, 28),
    "ant-sand": lambda: ant_picture(2, "sand", 20, 42, (0.10, 0.022, 0.010), (0.028, 0.010, 0.007)),
    "bee-sunflower": lambda: bee_picture(3, "sunflower", 0.48, 0.57, 35, -38),
    "ant-soil": lambda: ant_picture(4, "soil", 155, 40, (0.19, 0.036, 0.012), (0.045, 0.012, 0.008)),
    "bee-clover": lambda: bee_picture(5, "clover", 0.5, 0.74, 52, 165),
    "ant-leaf": lambda: ant_picture(6, "leaf", -25, 38, (0.03, 0.014, 0.009), (0.018, 0.01, 0.008)),
}


def main() -> None:
    folder = Path(__file__).parent / "examples"
    folder.mkdir(exist_ok=True)
    for name, draw in PICTURES.items():
        draw().save(folder / f"{name}.jpg", quality=88, optimize=True)


if __name__ == "__main__":
    main()
