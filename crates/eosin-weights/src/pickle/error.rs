//! Why a pickle is not followed.

/// Why a pickle is not followed. Positions are bytes from the pickle's beginning.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PickleError {
    /// The pickle ends before it is done.
    #[error("the pickle breaks off at byte {at}; the file is cut short, fetch it again")]
    Truncated {
        /// Where it ends.
        at: usize,
    },
    /// Python wrote it in a way that `torch.save` never asks for.
    #[error(
        "the pickle has protocol {got}, not 2 to 5; save it again with `torch.save(model.state_dict(), ...)`"
    )]
    Protocol {
        /// The protocol.
        got: u8,
    },
    /// An opcode that `torch.save` does not write.
    #[error(
        "the pickle has opcode 0x{op:02x} at byte {at}, which `torch.save` does not write; the file is damaged or forged"
    )]
    Opcode {
        /// The opcode.
        op: u8,
        /// Where it is.
        at: usize,
    },
    /// It asks for a function or class that weights do not need.
    #[error("refused: the pickle asks for `{global}`; {advice}")]
    Global {
        /// Module and name, as Python imports them.
        global: String,
        /// What that means and what to do.
        advice: &'static str,
    },
    /// An opcode meets something else than it works on.
    #[error(
        "the pickle has no {expected} where the opcode at byte {at} needs one; the file is damaged or forged"
    )]
    Expected {
        /// What should be there.
        expected: &'static str,
        /// Where the opcode is.
        at: usize,
    },
    /// It makes more than any weight file.
    #[error(
        "the pickle has more than {limit} {what}; save the weights alone: `torch.save(model.state_dict(), ...)`"
    )]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// How much is allowed.
        limit: usize,
    },
}
