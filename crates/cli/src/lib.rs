//! Do the flow logs bear this alert out?.
