/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client's side of a context, by the Kerberos library, against the functions of src/gss; and what
 * several tests of these need besides.
 */
#pragma once

#include <gssapi/gssapi.h>
#include <stdbool.h>
#include <stdint.h>

#include "gss/gss_accept.h"
#include "gss/gss_token.h"
#include "lib/realm.h"
#include "lib/test.h"

/* The clock of the Kerberos library in this thread is ahead by so much. */
extern _Thread_local int64_t initiator_clock_s;

struct initiator {
    gss_cred_id_t credential;
    gss_name_t target;
    gss_ctx_id_t context;
    gss_buffer_desc token; /* to be sent next */
    OM_uint32 flags;       /* to be asked for; mutual authentication, unless set */
    gss_OID mechanism;     /* Kerberos, unless set */
    bool done;
};

/* For `user`, with the keys in KEYTAB.keytab of the realm, to the service "nfs@localhost". */
void initiator_init(struct initiator *initiator, const struct test_realm *realm, const char *user,
                    const char *keytab, const char *target);
void initiator_fini(struct initiator *initiator);

/* Make the next token from the server's (NULL: the first).  Asserts that the library does. */
void initiator_step(struct initiator *initiator, const struct gss_accept_reply *reply);

/* Forget the context, and begin anew. */
void initiator_restart(struct initiator *initiator);

/* Its MIC of a message; freed by the caller.  And is it the server's MIC? */
gss_buffer_desc initiator_mic(struct initiator *initiator, const void *data, size_t bytes);
bool initiator_verifies(struct initiator *initiator, const void *data, size_t bytes,
                        const void *mic, size_t mic_bytes);

/* A server with tables of its own. */
struct acceptance {
    struct gss_credential *credential;
    struct gss_table *table;
    struct gss_acceptor *acceptor;
    struct gss_accept_reply reply; /* of the last call */
    struct gss_context *context;   /* of the last that was complete */
};

void acceptance_init(struct acceptance *acceptance, const char *keytab,
                     const struct gss_table_settings *settings);
void acceptance_fini(struct acceptance *acceptance);

/* Hand over a token, as INIT or CONTINUE_INIT of the handle. */
void acceptance_take(struct acceptance *acceptance, const void *token, size_t token_bytes,
                     const void *handle);

/* A whole context: the steps of both sides.  Asserts that it becomes complete. */
void acceptance_meet(struct acceptance *acceptance, struct initiator *initiator);
