//! Why bytes are no array that can be read.

/// Why a file is no `.npy` array of floating-point numbers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NpyError {
    /// It does not begin as such files do.
    #[error("it does not begin with \\x93NUMPY; write it with `numpy.save(file, array)`")]
    Magic,
    /// Its version is none that is known.
    #[error("its format is version {0}.{1}; write it anew with `numpy.save(file, array)`")]
    Version(u8, u8),
    /// It ends before its header does.
    #[error("it ends within its header; the file is cut short, make it again")]
    HeaderCut,
    /// Its header is not the dictionary that the format asks for.
    #[error("its header is invalid: {0}; the file is damaged, make it again")]
    Header(String),
    /// Its values have a type that is not read.
    #[error(
        "its values are {0}; save little-endian floats of 2, 4 or 8 bytes: `numpy.save(file, \
         array.astype('<f4'))`"
    )]
    Dtype(String),
    /// Its values lie column by column.
    #[error(
        "its values lie in Fortran order; save them row by row: `numpy.save(file, \
         numpy.ascontiguousarray(array))`"
    )]
    Fortran,
    /// Its shape has too many axes or elements.
    #[error("it {0}")]
    Shape(String),
    /// Its values are not as many as its shape says.
    #[error(
        "its shape {shape:?} takes {expected} bytes, but {got} follow the header; the file is cut \
         short or has bytes added, make it again"
    )]
    Length {
        /// Its shape.
        shape: Vec<usize>,
        /// Bytes of so many values.
        expected: usize,
        /// Bytes behind the header.
        got: usize,
    },
}
