//! Asks the host to write a terabyte of zeroes, which it would have to allocate first.

fn main() {
    let out = hostile::cli::stdout::get_stdout();
    drop(out.write_zeroes(1 << 40));
    println!("it went through");
}
