use eosin_data::*;
use std::time::Instant;
fn main() {
    let size: usize = std::env::args().nth(1).map_or(96, |s| s.parse().unwrap());
    let mpp: f64 = std::env::args().nth(2).map_or(0.75, |s| s.parse().unwrap());
    let o = PhantomOptions {
        size_px: size,
        mpp,
        ..Default::default()
    };
    let (cols, rows) = (8usize, 6usize);
    let g = 4;
    let w = cols * (size + g);
    let h = rows * (size + g);
    let mut img = image::RgbImage::from_pixel(w as u32, h as u32, image::Rgb([255; 3]));
    let t = Instant::now();
    for r in 0..rows {
        for c in 0..cols {
            let class = usize::from(c >= cols / 2);
            let p = phantom_patch(
                &o,
                class,
                PhantomPosition {
                    patient: r,
                    slide: (c % 4) / 2,
                    patch: c,
                },
            );
            for y in 0..size {
                for x in 0..size {
                    let i = (y * size + x) * 3;
                    img.put_pixel(
                        (c * (size + g) + x) as u32,
                        (r * (size + g) + y) as u32,
                        image::Rgb([p.pixels[i], p.pixels[i + 1], p.pixels[i + 2]]),
                    );
                }
            }
        }
    }
    println!(
        "{:.2} ms/patch",
        t.elapsed().as_secs_f64() * 1e3 / (cols * rows) as f64
    );
    img.save("/tmp/sheet.png").unwrap();
}
