/* SPDX-License-Identifier: Apache-2.0 */
#include "gss/gss_accept.h"

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "gss/gss_credential_internal.h"
#include "gss/gss_name.h"
#include "gss/gss_reason.h"
#include "gss/gss_table_internal.h"

struct gss_acceptor {
    struct gss_credential *credential;
    struct gss_table *table;
    struct log_limit refusals;
    _Atomic uint64_t refused[GSS_REFUSAL_COUNT];
};

/* One step with the library, and what came of it. */
struct step {
    struct gss_acceptor *acceptor;
    const struct gss_accept_call *call;
    struct gss_accept_reply *reply;
    gss_name_t name; /* of the client, once it is complete */
    uint32_t lasts_s;
};

struct gss_acceptor *gss_acceptor_create(struct gss_credential *credential, struct gss_table *table)
{
    struct gss_acceptor *acceptor = must_calloc(1, sizeof(*acceptor));

    acceptor->credential = credential;
    acceptor->table = table;
    return acceptor;
}

void gss_acceptor_destroy(struct gss_acceptor *acceptor)
{
    free(acceptor);
}

uint64_t gss_acceptor_refused(const struct gss_acceptor *acceptor, enum gss_refusal refusal)
{
    return atomic_load_explicit(&acceptor->refused[refusal], memory_order_relaxed);
}

/* Refuse with words of our own, or, if they are NULL, with those for the library's error. */
static void refuse(const struct step *step, enum gss_refusal refusal, const char *words)
{
    struct gss_acceptor *acceptor = step->acceptor;
    struct gss_accept_reply *reply = step->reply;
    char explained[GSS_REASON_BYTES];

    reply->refusal = refusal;
    (void)atomic_fetch_add_explicit(&acceptor->refused[refusal], 1, memory_order_relaxed);
    if (!log_enabled(LOG_PART_OF("gss.refuse"), LOG_LEVEL_INFO) ||
        !log_limit_take(&acceptor->refusals, step->call->now_ns, LIMIT_LOG_GSS_PER_S))
        return;
    if (!words) {
        gss_reason_explain(refusal, reply->major, reply->minor, &step->call->token,
                           gss_credential_keytab(acceptor->credential), explained);
        words = explained;
    }
    log_info_taken(&acceptor->refusals, "gss.refuse", LOG_STR("peer", step->call->peer),
                   LOG_STR("kind", gss_refusal_name(refusal)), LOG_STR("reason", words));
}

static void fail(const struct step *step, uint32_t major, enum gss_refusal refusal,
                 const char *words)
{
    step->reply->major = major;
    step->reply->minor = 0;
    refuse(step, refusal, words);
}

/* Hand the library's token on; it is freed in any case. */
static bool keep_token(const struct step *step, gss_buffer_t token)
{
    OM_uint32 minor;
    bool kept = true;

    if (token->length > 0) {
        step->reply->token = malloc(token->length);
        kept = step->reply->token;
        if (kept) {
            memcpy(step->reply->token, token->value, token->length);
            step->reply->token_bytes = (uint32_t)token->length;
        }
    }
    (void)gss_release_buffer(&minor, token);
    return kept;
}

/* False: refused. */
static bool run_library(struct step *step, struct gss_context *context)
{
    gss_buffer_desc in = {.length = step->call->token.len, .value = (void *)step->call->token.data};
    gss_buffer_desc out = GSS_C_EMPTY_BUFFER;
    char why[GSS_REASON_BYTES];
    struct gss_held_credential *held =
        gss_credential_hold(step->acceptor->credential, why, sizeof(why));
    OM_uint32 minor = 0;

    if (!held) {
        fail(step, GSS_S_NO_CRED, GSS_REFUSAL_no_keytab, why);
        return false;
    }
    step->reply->major =
        gss_accept_sec_context(&minor, &context->mit, held->id, &in, GSS_C_NO_CHANNEL_BINDINGS,
                               &step->name, NULL, &out, NULL, &step->lasts_s, NULL);
    step->reply->minor = minor;
    gss_credential_let_go(held);
    if (!keep_token(step, &out)) {
        fail(step, GSS_S_FAILURE, GSS_REFUSAL_no_memory, "out of memory");
        return false;
    }
    if (GSS_ERROR(step->reply->major)) {
        refuse(step, gss_reason_kind(step->reply->major, minor, &step->call->token), NULL);
        return false;
    }
    /* The library wants to go on after tokens that it does not know, and has no answer. */
    if (step->reply->major != GSS_S_COMPLETE && step->reply->token_bytes == 0) {
        fail(step, GSS_S_DEFECTIVE_TOKEN, GSS_REFUSAL_bad_token, NULL);
        return false;
    }
    return true;
}

/* The library is done: the context gets its keys and its client.  False: refused. */
static bool establish(struct step *step, struct gss_context *context)
{
    struct gss_table *table = step->acceptor->table;
    struct gss_principal *principal = gss_name_principal(step->name);
    int64_t expires_ns = gss_table_expires_ns(table, step->call->now_ns, step->lasts_s);
    bool done = principal && gss_context_establish(context, principal, expires_ns);

    if (!principal)
        fail(step, GSS_S_BAD_NAME, GSS_REFUSAL_bad_name,
             "its principal's name is too long, or not printable");
    else if (!done)
        fail(step, GSS_S_FAILURE, GSS_REFUSAL_enctype,
             "the client takes no part in choosing the key: its encryption type is too old, or it "
             "does not ask for mutual authentication");
    gss_principal_put(principal);
    return done;
}

/* Of no bytes at all the library says that it has no credential. */
static bool check_token(const struct step *step)
{
    if (step->call->token.len > 0)
        return true;
    fail(step, GSS_S_DEFECTIVE_TOKEN, GSS_REFUSAL_bad_token, "it sent an empty token");
    return false;
}

/* One step in making a context, which no other thread may take.  False: refused; it must go. */
static bool advance(struct step *step, struct gss_context *context)
{
    return check_token(step) && run_library(step, context) &&
           (step->reply->major != GSS_S_COMPLETE || establish(step, context));
}

/* RPCSEC_GSS_INIT.  A context, with a reference, or NULL. */
static struct gss_context *begin(struct step *step)
{
    struct gss_context *context = gss_context_create(step->call->now_ns);

    if (!context) {
        fail(step, GSS_S_FAILURE, GSS_REFUSAL_no_memory, "out of memory");
        return NULL;
    }
    if (advance(step, context)) {
        if (gss_table_add(step->acceptor->table, context, step->call->address, step->call->now_ns))
            return context;
        fail(step, GSS_S_FAILURE, GSS_REFUSAL_no_memory, "out of memory");
    }
    gss_context_put(context);
    return NULL;
}

/* RPCSEC_GSS_CONTINUE_INIT. */
static struct gss_context *go_on(struct step *step)
{
    struct gss_context *context = gss_table_lookup(step->acceptor->table, &step->call->handle);
    bool done = false;

    if (context) {
        CHECK(pthread_mutex_lock(&context->mit_lock) == 0);
        if (!gss_context_is_established(context) && context->mit != GSS_C_NO_CONTEXT) {
            done = advance(step, context);
            if (!done)
                gss_table_abandon(step->acceptor->table, context);
        } else {
            fail(step, GSS_S_NO_CONTEXT, GSS_REFUSAL_no_context, "the context is complete");
        }
        CHECK(pthread_mutex_unlock(&context->mit_lock) == 0);
    } else {
        fail(step, GSS_S_NO_CONTEXT, GSS_REFUSAL_no_context, "the handle is not known");
    }
    if (done)
        return context;
    gss_context_put(context);
    return NULL;
}

static void tell_complete(const struct step *step)
{
    const struct gss_context *context = step->reply->context;
    const struct gss_principal *principal = gss_context_principal(context);

    gss_table_made(step->acceptor->table);
    log_info(
        "gss.context", LOG_STR("peer", step->call->peer), LOG_STR("principal", principal->name),
        LOG_STR("enctype", gss_context_enctype(context)),
        LOG_U64("lasts_s", (gss_context_expires_ns(context) - step->call->now_ns) / NSEC_PER_SEC));
}

static void reply_init(struct gss_accept_reply *reply)
{
    memset(reply, 0, sizeof(*reply));
    reply->seq_window = LIMIT_GSS_WINDOW;
}

void gss_accept_put_off(struct gss_acceptor *acceptor, const struct gss_accept_call *call,
                        struct gss_accept_reply *reply)
{
    const struct step step = {.acceptor = acceptor, .call = call, .reply = reply};

    reply_init(reply);
    fail(&step, GSS_S_FAILURE, GSS_REFUSAL_crowded,
         "too many threads wait for the keytab: its file system does not answer, or is slow");
}

void gss_accept(struct gss_acceptor *acceptor, const struct gss_accept_call *call,
                struct gss_accept_reply *reply)
{
    struct step step = {.acceptor = acceptor, .call = call, .reply = reply};
    OM_uint32 minor;

    reply_init(reply);
    reply->context = call->first ? begin(&step) : go_on(&step);
    reply->complete = reply->context && reply->major == GSS_S_COMPLETE;
    if (reply->complete)
        tell_complete(&step);
    (void)gss_release_name(&minor, &step.name);
}

void gss_accept_reply_fini(struct gss_accept_reply *reply)
{
    free(reply->token);
    gss_context_put(reply->context);
    reply->token = NULL;
    reply->context = NULL;
}
