//! How an extension module is linked where the linker asks for every symbol at once, as that of macOS does.

fn main() {
    pyo3_build_config::add_extension_module_link_args();
}
