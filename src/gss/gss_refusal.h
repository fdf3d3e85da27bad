/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a client got no context, as a kind to be counted and in words that help an administrator.
 */
#pragma once

/* X(name, help). */
#define GSS_REFUSALS(X)                                                                            \
    X(no_keytab, "the server has no keytab, or cannot read it")                                    \
    X(no_key, "the keytab has no key of that service, version or type")                            \
    X(bad_key, "the ticket does not fit the key in the keytab")                                    \
    X(clock, "the clocks of client and server differ too much")                                    \
    X(expired, "the ticket has expired, or is not valid yet")                                      \
    X(enctype, "an encryption type that the server does not permit")                               \
    X(bad_token, "what the client sent is no token of Kerberos")                                   \
    X(bad_name, "a principal whose name cannot be used")                                           \
    X(no_context, "it went on with a context that is not, or no longer, being made")               \
    X(no_memory, "out of memory")                                                                  \
    X(crowded, "too many threads wait for the keytab")                                             \
    X(other, "another error of the Kerberos library")

enum gss_refusal {
#define X(name, help) GSS_REFUSAL_##name,
    GSS_REFUSALS(X)
#undef X
    GSS_REFUSAL_COUNT
};

/* "no_keytab". */
const char *gss_refusal_name(enum gss_refusal refusal);
