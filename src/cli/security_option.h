/* SPDX-License-Identifier: Apache-2.0 */
/* The options by which commands that are clients of NFS secure their connections. */
#pragma once

#include "cli/command.h"
#include "client/client_security.h"

/* Where they stand among a command's options. */
enum {
    SECURITY_OPTION_SEC,
    SECURITY_OPTION_TLS,
    SECURITY_OPTION_TLS_CA,
    SECURITY_OPTION_TLS_CERT,
    SECURITY_OPTION_TLS_KEY,
    SECURITY_OPTION_TLS_NAME,
};

/* Rows of a command that takes them, first of all its options. */
#define SECURITY_OPTIONS                                                                           \
    {.name = "sec",                                                                                \
     .value = "FLAVOR",                                                                            \
     .words = "sys none krb5 krb5i krb5p",                                                         \
     .help = "security flavor of the calls: sys, none, krb5, krb5i or krb5p (sys)"},               \
        {.name = "tls", .help = "RPC-with-TLS"},                                                   \
        {.name = "tls-ca",                                                                         \
         .value = "FILE",                                                                          \
         .kind = COMMAND_FILE,                                                                     \
         .help = "certificates to trust, PEM (those of the system)"},                              \
        {.name = "tls-cert",                                                                       \
         .value = "FILE",                                                                          \
         .kind = COMMAND_FILE,                                                                     \
         .help = "own certificate, with its chain"},                                               \
        {.name = "tls-key",                                                                        \
         .value = "FILE",                                                                          \
         .kind = COMMAND_FILE,                                                                     \
         .help = "its key, unless it is in that file"},                                            \
    {                                                                                              \
        .name = "tls-name", .value = "NAME", .help = "name in the server's certificate (HOST)"     \
    }

/* False after a complaint. */
MUST_USE bool security_option_take(const struct invocation *call, struct client_security *security);
