"""What readers see: page, paper, gallery, README, RO-Crate."""
