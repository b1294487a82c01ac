//! Threat and trusted address lists, compiled into one matcher.
