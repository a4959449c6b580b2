"""Numbers of torchvision's byte operations on a small image, for tests/all/colour_operations.rs.

    python crates/eosin-data/tests/all/colour_operations/make.py > crates/eosin-data/tests/all/colour_operations/goldens.json

Made with torch 2.15, torchvision of the same day. The image is `(37 x + 91 y + 53 c + x y c) % 256`.
"""
import json

import torch
from torchvision.transforms.v2 import functional as F

W, H = 7, 6
image = torch.tensor(
    [[[(37 * x + 91 * y + 53 * c + x * y * c) % 256 for x in range(W)] for y in range(H)] for c in range(3)],
    dtype=torch.uint8,
)
results = {
    "brightness 1.4": F.adjust_brightness(image, 1.4),
    "contrast 0.6": F.adjust_contrast(image, 0.6),
    "contrast 1.5": F.adjust_contrast(image, 1.5),
    "saturation 0.3": F.adjust_saturation(image, 0.3),
    "saturation 1.8": F.adjust_saturation(image, 1.8),
    "hue 0.1": F.adjust_hue(image, 0.1),
    "hue -0.4": F.adjust_hue(image, -0.4),
    "posterise 3": F.posterize(image, 3),
    "solarise 100": F.solarize(image, 100),
    "autocontrast": F.autocontrast(image // 2 + 40),
    "equalise": F.equalize(image.repeat(1, 20, 20)),
    "sharpness 0.2": F.adjust_sharpness(image, 0.2),
    "sharpness 1.9": F.adjust_sharpness(image, 1.9),
}
print(json.dumps({name: out.permute(1, 2, 0).flatten().tolist() for name, out in results.items()
                  if name != "equalise"} |
                 {"equalise": results["equalise"][:, :H, :W].permute(1, 2, 0).flatten().tolist()}))
