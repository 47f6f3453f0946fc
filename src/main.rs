fn main() {
    let start = std::time::Instant::now();
    let data =
        llmap::dataset::load(std::path::Path::new(&std::env::args().nth(1).unwrap())).unwrap();
    println!("load {:?}", start.elapsed());
    for seed in 1..=3 {
        let settings = llmap::embedder::Settings { seed, ..Default::default() };
        let start = std::time::Instant::now();
        let e = llmap::embedder::train(
            &data,
            &settings,
            &mut |e| {
                if let llmap::embedder::Event::Epoch(e) = e {
                    println!(
                        "{} {:.4} {:.4} {:.0}/s {:?}",
                        e.number,
                        e.train_nll,
                        e.val_nll,
                        e.responses_per_second,
                        start.elapsed()
                    )
                } else {
                    println!("{:?}", e)
                }
            },
            &Default::default(),
        )
        .unwrap();
        println!("{:?} {:?} {:?}", e.provenance, e.calibration, start.elapsed());
    }
}
