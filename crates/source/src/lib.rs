//! Where flow log bytes come from: layouts, listing, pruning, inflate.
