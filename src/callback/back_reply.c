/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interprets replies (RFC 8881 §20.9.3).  The client has executed a request only if CB_SEQUENCE
 * returned NFS4_OK; only then does the slot's sequence ID advance.
 */
#include "callback/back_reply.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "callback/back_call.h"
#include "callback/back_channel.h"
#include "callback/back_close.h"
#include "callback/back_link.h"
#include "callback/back_send.h"
#include "callback/callback.h"
#include "callback/callback_counters.h"
#include "callback/cb_compound.h"
#include "gss/gss_context.h"
#include "state/client/client_lease.h"
#include "state/session/session_back.h"
#include "transport/connection.h"

enum {
    REFUSALS_MAX = 3 /* times that a client may deny its session, or reject a resent request */
};

enum verdict {
    VERDICT_EXECUTED,
    VERDICT_AGAIN,    /* not now: resend the same request later */
    VERDICT_MOVE,     /* not in this slot */
    VERDICT_REFUSED,  /* not executed, and never will be */
    VERDICT_NONSENSE, /* malformed: unknown whether it was executed */
    VERDICT_FAULT,    /* the client's sequence does not match ours */
};

struct answer {
    struct back_slot *slot;
    struct cb_gss gss; /* how the request was sealed */
    bool lost;         /* the client does not know that context */
    enum cb_answer kind;
    struct cb_reply reply; /* at first including the result of CB_SEQUENCE */
    struct back_completion completion;
    enum callback_outcome outcome;
    struct arena arena;
};

/* ---- interpretation ---- */

static enum verdict sequence_ok(const struct back_slot *slot, const struct CB_SEQUENCE4resok *resok)
{
    if (memcmp(resok->csr_sessionid, slot->channel->session->id, NFS4_SESSIONID_SIZE) != 0 ||
        resok->csr_sequenceid != slot->seqid || resok->csr_slotid != slot->id)
        return VERDICT_NONSENSE;
    return VERDICT_EXECUTED;
}

/* A request that was sent twice may find its first instance still running; some clients reply
 * SEQ_MISORDERED in that case (§2.10.6.2). */
static enum verdict sequence_failed(struct back_slot *slot, uint32_t status)
{
    switch (status) {
    case NFS4ERR_DELAY:
        return VERDICT_AGAIN;
    case NFS4ERR_BADSESSION:
    case NFS4ERR_DEADSESSION:
        return ++slot->refusals <= REFUSALS_MAX ? VERDICT_AGAIN : VERDICT_FAULT;
    case NFS4ERR_SEQ_MISORDERED:
        return slot->unknown && ++slot->refusals <= REFUSALS_MAX ? VERDICT_AGAIN : VERDICT_FAULT;
    case NFS4ERR_SEQ_FALSE_RETRY:
        return VERDICT_FAULT;
    case NFS4ERR_RETRY_UNCACHED_REP:
        return slot->unknown ? VERDICT_EXECUTED : VERDICT_FAULT;
    case NFS4ERR_BADSLOT:
    case NFS4ERR_BAD_HIGH_SLOT:
        if (slot->id > 0)
            return slot->unknown ? VERDICT_AGAIN : VERDICT_MOVE;
        slot->channel->usable = 1;
        return status == NFS4ERR_BADSLOT ? VERDICT_FAULT : VERDICT_AGAIN;
    default:
        if (!slot->unknown)
            return VERDICT_REFUSED;
        /* This says nothing about the first instance. */
        return ++slot->refusals <= REFUSALS_MAX ? VERDICT_AGAIN : VERDICT_FAULT;
    }
}

/* Refused as a whole: by RPC, or because of the minor version. */
static bool refused_as_such(const struct answer *answer)
{
    return answer->kind == CB_REFUSED ||
           (answer->kind == CB_ANSWERED && answer->reply.result_count == 0);
}

static enum verdict verdict_of(const struct answer *answer)
{
    const struct cb_reply *reply = &answer->reply;

    if (answer->kind == CB_MALFORMED)
        return VERDICT_NONSENSE;
    if (answer->lost && ++answer->slot->refusals <= REFUSALS_MAX)
        return VERDICT_AGAIN; /* under another context, or with other credentials */
    if (refused_as_such(answer))
        return answer->slot->unknown ? VERDICT_AGAIN : VERDICT_REFUSED;
    if (reply->results[0].status == NFS4_OK)
        return sequence_ok(answer->slot, &reply->results[0].sequence);
    return sequence_failed(answer->slot, reply->results[0].status);
}

/* ---- effect on the slot ---- */

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* The client announces how many slots it has, and how many it wants used. */
static void limits_note_locked(struct back_channel *channel, const struct CB_SEQUENCE4resok *resok)
{
    uint32_t highest = min_u32(resok->csr_highest_slotid, resok->csr_target_highest_slotid);

    channel->usable = min_u32(channel->slot_count, min_u32(highest, LIMIT_BACK_SLOTS) + 1);
}

/* The caller gets the results of its own operations, without that of CB_SEQUENCE. */
static void reply_strip(struct cb_reply *reply)
{
    reply->result_count--;
    memmove(&reply->results[0], &reply->results[1],
            reply->result_count * sizeof(reply->results[0]));
}

static void executed_locked(struct answer *answer)
{
    struct back_slot *slot = answer->slot;

    if (answer->reply.results[0].status == NFS4_OK)
        limits_note_locked(slot->channel, &answer->reply.results[0].sequence);
    reply_strip(&answer->reply);
    answer->outcome = CALLBACK_ANSWERED;
    back_slot_free_locked(slot, true);
}

static void pause_locked(struct back_slot *slot)
{
    const struct callback_waits *waits = &slot->channel->service->callback->waits;
    uint32_t ms = callback_backoff_ms(waits, slot->call ? slot->call->attempts : 1);

    if (!slot->unknown)
        back_slot_drop_record_locked(slot);
    slot->state = BACK_SLOT_PAUSED;
    slot->retry_ns = clock_now_ns() + ms * NSEC_PER_MSEC;
}

static void verdict_apply_locked(struct answer *answer, enum verdict verdict)
{
    struct back_slot *slot = answer->slot;

    if (verdict == VERDICT_EXECUTED || verdict == VERDICT_REFUSED)
        answer->completion =
            slot->call ? back_call_completion_locked(slot->call) : (struct back_completion){0};
    answer->outcome = CALLBACK_REFUSED;
    switch (verdict) {
    case VERDICT_EXECUTED:
        executed_locked(answer);
        break;
    case VERDICT_REFUSED:
        back_slot_free_locked(slot, false);
        break;
    case VERDICT_AGAIN:
        pause_locked(slot);
        break;
    case VERDICT_MOVE:
        slot->channel->usable = min_u32(slot->channel->usable, slot->id);
        back_slot_requeue_locked(slot);
        break;
    case VERDICT_NONSENSE:
        slot->unknown = true;
        slot->state = BACK_SLOT_READY;
        break;
    case VERDICT_FAULT: /* back_close() has taken the calls */
        back_slot_free_locked(slot, false);
        break;
    }
}

/* ---- processing a reply ---- */

/* Detach the slot from its connection.  The caller must put the returned link. */
static struct back_link *slot_leave_locked(struct back_slot *slot)
{
    struct back_link *link = slot->link;

    slot->link = NULL;
    slot->state = BACK_SLOT_SENDING; /* owned by this thread */
    cb_gss_fini(&slot->gss);
    return link;
}

static void answer_read(struct answer *answer, const struct back_call *call, const void *body,
                        size_t len)
{
    struct wire_opaque results;

    arena_init(&answer->arena, 512);
    if (!answer->gss.context) {
        answer->kind = cb_compound_answer(body, len, call->ops, call->op_count, &answer->arena,
                                          &answer->reply);
        return;
    }
    answer->kind = cb_gss_open(&answer->gss, body, len, &answer->arena, &results, &answer->lost);
    if (answer->kind == CB_ANSWERED)
        answer->kind = cb_compound_results(results.data, results.len, call->ops, call->op_count,
                                           &answer->arena, &answer->reply);
}

static void fault(struct back_channel *channel, const struct answer *answer)
{
    log_info("callback.fault", LOG_HEX("session", channel->session->id, NFS4_SESSIONID_SIZE),
             LOG_U64("slot", answer->slot->id), LOG_U64("seqid", answer->slot->seqid),
             LOG_U64("status", answer->reply.status));
    session_back_set_faulty(channel->session);
    back_close(channel);
}

static void answer_count(struct back_channel *channel, const struct back_call *call,
                         enum verdict verdict, int64_t duration_ns)
{
    struct callback_counters *counters = channel->service->callback->counters;

    if (verdict != VERDICT_NONSENSE)
        callback_counters_answer(counters, duration_ns);
    if (verdict != VERDICT_EXECUTED)
        callback_counters_failure(counters, back_call_op(call));
}

/* This thread owns the slot.  The verdict is reached once, under the lock. */
static void answer_take(struct back_channel *channel, struct answer *answer, struct back_call *call,
                        int64_t now_ns)
{
    struct back_slot *slot = answer->slot;
    struct back_link *link;
    enum verdict verdict;

    pthread_mutex_lock(&channel->lock);
    link = slot_leave_locked(slot);
    verdict = verdict_of(answer);
    if (verdict == VERDICT_EXECUTED || (refused_as_such(answer) && !answer->lost))
        client_back_set_refused(channel->session->client, verdict != VERDICT_EXECUTED);
    answer_count(channel, call, verdict, now_ns - slot->sent_ns);
    if (verdict == VERDICT_FAULT && !channel->closed) {
        pthread_mutex_unlock(&channel->lock);
        fault(channel, answer);
        pthread_mutex_lock(&channel->lock);
    }
    if (channel->closed && verdict != VERDICT_EXECUTED)
        back_slot_free_locked(slot, false);
    else
        verdict_apply_locked(answer, verdict);
    pthread_mutex_unlock(&channel->lock);
    if (verdict == VERDICT_NONSENSE)
        connection_shutdown(link->conn);
    if (verdict == VERDICT_EXECUTED)
        client_renew(channel->session->client, now_ns);
    back_link_put(link);
}

/* The connection that carried the request is closed, and this thread owns the slot. */
static void slot_lost(struct back_slot *slot)
{
    struct back_channel *channel = slot->channel;
    struct back_link *link;

    pthread_mutex_lock(&channel->lock);
    link = slot_leave_locked(slot);
    if (slot->call)
        callback_counters_failure(channel->service->callback->counters, back_call_op(slot->call));
    if (channel->closed) {
        back_slot_free_locked(slot, false);
    } else {
        slot->unknown = true;
        slot->state = BACK_SLOT_READY;
    }
    pthread_mutex_unlock(&channel->lock);
    back_link_put(link);
    back_send(channel);
    session_put(channel->session);
}

bool back_reply(struct connection *conn, uint32_t xid, const void *body, size_t len)
{
    struct answer answer = {.slot = back_link_pop(conn, xid)};
    struct back_channel *channel;
    struct back_call *call;

    if (!answer.slot)
        return false;
    channel = answer.slot->channel;
    pthread_mutex_lock(&channel->lock);
    call = answer.slot->call ? back_call_get(answer.slot->call) : NULL;
    answer.gss = answer.slot->gss; /* this thread owns the slot */
    answer.slot->gss = (struct cb_gss){0};
    pthread_mutex_unlock(&channel->lock);
    if (!call) {
        cb_gss_fini(&answer.gss);
        slot_lost(answer.slot); /* the call was taken off the slot meanwhile: only references are
                                 * left to put */
        return true;
    }
    answer_read(&answer, call, body, len);
    if (answer.lost)
        cb_gss_forget(channel->session, gss_context_handle(answer.gss.context), GSS_HANDLE_BYTES);
    cb_gss_fini(&answer.gss);
    answer_take(channel, &answer, call, clock_now_ns());
    back_completion_run(&answer.completion, answer.outcome,
                        answer.outcome == CALLBACK_ANSWERED ? &answer.reply : NULL);
    arena_fini(&answer.arena);
    back_call_put(call);
    back_send(channel);
    session_put(channel->session);
    return true;
}

void back_reply_lost(struct connection *conn)
{
    struct back_link *link = back_link_detach(conn);
    struct back_slot *slot;

    if (!link)
        return;
    while ((slot = back_link_close(link)))
        slot_lost(slot);
    back_link_put(link);
}
