//! The one binary of the image: controller, webhook, guard and tasks.

fn main() {}
