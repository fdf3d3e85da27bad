/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of the server, of which each has its own log level.  The first word of an event's name
 * tells its part; for a literal the compiler finds it.
 */
#pragma once

/* X(part, of what its events tell): those whose level is a setting, log.level.PART. */
#define LOG_PARTS_WITH_LEVEL(X)                                                                    \
    X(admin, "the admin endpoint")                                                                 \
    X(backend, "file systems")                                                                     \
    X(callback, "callbacks")                                                                       \
    X(client, "clients and sessions")                                                              \
    X(compound, "COMPOUND requests")                                                               \
    X(daemon, "the server as a whole")                                                             \
    X(delegation, "delegations")                                                                   \
    X(export, "exports")                                                                           \
    X(recovery, "what clients may reclaim")                                                        \
    X(transport, "connections")

/* What SEQUENCE tells always follows the level of the log: one knob for its errors and all else. */
#define LOG_PARTS(X)                                                                               \
    LOG_PARTS_WITH_LEVEL(X)                                                                        \
    X(sequence, "SEQUENCE")

enum log_part {
#define X(part, what) LOG_PART_##part,
    LOG_PARTS(X)
#undef X
    LOG_PART_COUNT
};

/* X(event, beginning of a name, part). */
#define LOG_PREFIXES(X, event)                                                                     \
    X(event, "admin.", admin)                                                                      \
    X(event, "callback.", callback)                                                                \
    X(event, "check.", daemon)                                                                     \
    X(event, "client.", client)                                                                    \
    X(event, "compound", compound)                                                                 \
    X(event, "connection.", transport)                                                             \
    X(event, "daemon.", daemon)                                                                    \
    X(event, "delegation.", delegation)                                                            \
    X(event, "export.", export)                                                                    \
    X(event, "gss.", transport)                                                                    \
    X(event, "identity.", client)                                                                  \
    X(event, "local.", backend)                                                                    \
    X(event, "log.", daemon)                                                                       \
    X(event, "owner.", compound)                                                                   \
    X(event, "recall.", callback)                                                                  \
    X(event, "recovery.", recovery)                                                                \
    X(event, "sequence", sequence)                                                                 \
    X(event, "session.", client)                                                                   \
    X(event, "state.", daemon)                                                                     \
    X(event, "state_dir.", daemon)                                                                 \
    X(event, "state_file.", daemon)                                                                \
    X(event, "tls.", transport)                                                                    \
    X(event, "transport.", transport)

#define LOG_PREFIX_TEST_(event, prefix, part)                                                      \
    __builtin_strncmp(event, prefix, sizeof(prefix) - 1) == 0 ? LOG_PART_##part:

/* A macro, so that it costs nothing for a literal, even without optimization. */
#define LOG_PART_OF(event) (LOG_PREFIXES(LOG_PREFIX_TEST_, event) LOG_PART_daemon)

/* "admin". */
const char *log_part_name(enum log_part part);
