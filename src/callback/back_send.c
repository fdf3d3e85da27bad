/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends the requests of a back channel.  One thread at a time sends on a channel, and also sends
 * what other threads add meanwhile; so the requests leave in order.  No lock is held while a
 * connection sends.
 */
#include "callback/back_send.h"

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "callback/back_call.h"
#include "callback/back_channel.h"
#include "callback/back_choice.h"
#include "callback/back_link.h"
#include "callback/callback.h"
#include "callback/callback_counters.h"
#include "callback/cb_compound.h"
#include "callback/cb_gss.h"
#include "state/session/session.h"
#include "state/session/session_back.h"
#include "transport/connection.h"
#include "wire/rpc_msg.h"

/* A request that is being sent; a copy, so that it does not change meanwhile. */
struct sending {
    struct back_slot *slot;
    struct back_call *call; /* a reference */
    struct CB_SEQUENCE4args sequence;
    size_t len;    /* 0: not encoded yet */
    uint8_t *kept; /* memory in which the slot will keep the record; NULL: the slot has it, or there
                    * is none */
    uint8_t record[LIMIT_CALLBACK_CALL_BYTES];
    size_t sealed_len; /* 0: the record is sent as it is */
    uint8_t sealed[LIMIT_CALLBACK_CALL_BYTES + CB_GSS_BYTES];
};

/* ---- the record ---- */

static struct cb_cred cred_of(const struct session_back_params *caller)
{
    const struct session_cb_auth *auth = &caller->auth;
    struct cb_cred cred = {.flavor = auth->flavor};

    if (auth->flavor != AUTH_SYS)
        return cred;
    cred.uid = auth->uid;
    cred.gid = auth->gid;
    cred.stamp = auth->stamp;
    cred.gids = auth->gids;
    cred.gid_count = auth->gid_count;
    cred.machine =
        (struct wire_opaque){(const uint8_t *)caller->machine, (uint32_t)strlen(caller->machine)};
    return cred;
}

/* Name the request that the callback refers to, as long as the client may not have seen its
 * reply. */
static void record_make(struct back_channel *channel, struct sending *sending)
{
    const struct back_call *call = sending->call;
    struct session *session = channel->session;
    struct referring_call4 refers = {.rc_sequenceid = call->after.sequenceid,
                                     .rc_slotid = call->after.slotid};
    struct referring_call_list4 list = {.rcl_referring_calls = &refers,
                                        .rcl_referring_calls_count = 1};
    struct cb_op op = {.op = OP_CB_SEQUENCE, .sequence = sending->sequence};
    struct session_back_params caller;
    struct xdr x;

    if (call->refers && session_call_unconfirmed(session->client->state, &call->after)) {
        memcpy(list.rcl_sessionid, call->after.sessionid, NFS4_SESSIONID_SIZE);
        op.sequence.csa_referring_call_lists = &list;
        op.sequence.csa_referring_call_lists_count = 1;
    }
    session_back_params(session, &caller);

    const struct cb_compound compound = {.program = caller.program,
                                         .cred = cred_of(&caller),
                                         .minor_version = session->minor_version,
                                         .ops = &op,
                                         .op_count = 1,
                                         .more = {call->body, call->len},
                                         .more_count = call->op_count - 1};

    xdr_init_encode(&x, sending->record, sizeof(sending->record));
    if (cb_compound_encode(&x, &compound))
        sending->len = xdr_pos(&x);
}

/* Encode the record.  The slot must keep what it sends: without memory for that nothing is sent. */
static bool record_prepare(struct back_channel *channel, struct sending *sending)
{
    record_make(channel, sending);
    sending->kept = sending->len > 0 ? memory_alloc(MEMORY_callbacks, sending->len) : NULL;
    return sending->len == 0 || sending->kept;
}

static void record_keep_locked(struct back_slot *slot, struct sending *sending)
{
    slot->record = sending->kept;
    slot->len = sending->len;
    memcpy(slot->record, sending->record, sending->len);
    sending->kept = NULL;
}

/* The xid is the first word of a CALL. */
static void xid_put(uint8_t *record, uint32_t xid)
{
    struct xdr x;

    xdr_init_encode(&x, record, sizeof(xid));
    xdr_put_u32(&x, xid);
}

static void sending_begin_locked(struct sending *sending, struct back_slot *slot)
{
    struct CB_SEQUENCE4args *sequence = &sending->sequence;

    sending->slot = slot;
    sending->call = back_call_get(slot->call);
    sending->len = slot->len;
    sending->kept = NULL;
    if (slot->len > 0)
        memcpy(sending->record, slot->record, slot->len);
    memset(sequence, 0, sizeof(*sequence));
    memcpy(sequence->csa_sessionid, slot->channel->session->id, NFS4_SESSIONID_SIZE);
    sequence->csa_sequenceid = slot->seqid;
    sequence->csa_slotid = slot->id;
    sequence->csa_highest_slotid = back_slot_highest_locked(slot->channel);
    slot->state = BACK_SLOT_SENDING;
}

/* ---- one connection ---- */

/* Seal it under the strongest context that the client offers, with a new sequence number each time.
 * False: neither a context nor other credentials may be used. */
static bool record_seal(struct back_channel *channel, struct sending *sending, struct cb_gss *gss)
{
    const struct session_cb_context *context;
    struct session_back_params caller;

    sending->sealed_len = 0;
    memset(gss, 0, sizeof(*gss));
    session_back_params(channel->session, &caller);
    if (caller.auth.context_count == 0)
        return caller.auth.plain;
    context = cb_gss_choose(channel->service->callback->gss, channel->session, &caller,
                            clock_now_ns(), gss);
    if (!context)
        return caller.auth.plain;
    sending->sealed_len = cb_gss_seal(gss, context, sending->record, sending->len, sending->sealed,
                                      sizeof(sending->sealed));
    if (sending->sealed_len == 0)
        cb_gss_fini(gss);
    return sending->sealed_len > 0;
}

enum post {
    POST_SENT,    /* the slot belongs to whichever thread handles the reply or the end of the
                   * connection */
    POST_REFUSED, /* nothing was sent */
    POST_CLOSED,  /* the channel is closed */
};

/* The reply may arrive before connection_send() returns, so the slot is set up before. */
static enum post post_begin(struct back_channel *channel, struct sending *sending,
                            struct back_link *link, uint32_t xid, struct cb_gss *gss)
{
    struct callback_counters *counters = channel->service->callback->counters;
    struct back_slot *slot = sending->slot;
    enum post post = POST_REFUSED;

    pthread_mutex_lock(&channel->lock);
    if (channel->closed) {
        post = POST_CLOSED;
    } else if (back_link_add(link, slot, xid)) {
        post = POST_SENT;
        session_get(channel->session);
        slot->link = back_link_get(link);
        slot->state = BACK_SLOT_SENT;
        slot->sent_ns = clock_now_ns();
        slot->gss = *gss;
        memset(gss, 0, sizeof(*gss));
        if (!slot->record)
            record_keep_locked(slot, sending);
        callback_counters_attempt(counters, back_call_op(sending->call),
                                  sending->call->attempts++ > 0);
    }
    pthread_mutex_unlock(&channel->lock);
    return post;
}

/* The record was not sent.  This thread owns the slot again, unless the end of the connection has
 * been noticed first. */
static enum post post_undo(struct back_channel *channel, struct sending *sending)
{
    struct callback_counters *counters = channel->service->callback->counters;
    struct back_slot *slot = sending->slot;
    struct back_link *link = NULL;

    pthread_mutex_lock(&channel->lock);
    if (slot->state == BACK_SLOT_SENT && back_link_take(slot->link, slot)) {
        link = slot->link;
        slot->link = NULL;
        slot->state = BACK_SLOT_SENDING;
        cb_gss_fini(&slot->gss);
    }
    pthread_mutex_unlock(&channel->lock);
    if (!link)
        return POST_SENT;
    callback_counters_failure(counters, back_call_op(sending->call));
    back_link_put(link);
    session_put(channel->session); /* not the last reference: the caller has one */
    return POST_REFUSED;
}

static enum post post(struct back_channel *channel, struct sending *sending, struct back_link *link)
{
    uint32_t xid = atomic_fetch_add_explicit(&channel->service->next_xid, 1, memory_order_relaxed);
    struct cb_gss gss;
    enum post result;
    bool sent;

    xid_put(sending->record, xid);
    if (!record_seal(channel, sending, &gss))
        return POST_REFUSED;
    result = post_begin(channel, sending, link, xid, &gss);
    cb_gss_fini(&gss);
    if (result != POST_SENT)
        return result;
    sent = sending->sealed_len > 0
               ? connection_send(link->conn, sending->sealed, sending->sealed_len)
               : connection_send(link->conn, sending->record, sending->len);
    return sent ? POST_SENT : post_undo(channel, sending);
}

/* ---- all connections ---- */

/* No connection took the request.  A request that was never sent gives up its slot. */
static void sending_fail_locked(struct back_channel *channel, struct back_slot *slot)
{
    if (channel->closed)
        back_slot_free_locked(slot, false);
    else if (slot->unknown)
        slot->state = BACK_SLOT_READY;
    else
        back_slot_requeue_locked(slot);
}

/* The request no longer fits a record: BACKCHANNEL_CTL has made the credentials longer. */
static void sending_refuse(struct back_channel *channel, struct back_slot *slot)
{
    struct back_completion completion;

    pthread_mutex_lock(&channel->lock);
    completion = slot->call ? back_call_completion_locked(slot->call) : (struct back_completion){0};
    back_slot_free_locked(slot, false);
    pthread_mutex_unlock(&channel->lock);
    back_completion_run(&completion, CALLBACK_REFUSED, NULL);
}

/* With the channel's lock held, which is released meanwhile.  False when no connection takes
 * anything, or without memory; the tick then tries again. */
static bool slot_send_locked(struct back_channel *channel, struct back_slot *slot,
                             struct back_choice *choice, struct sending *sending)
{
    enum post result = POST_REFUSED;
    bool ready;

    sending_begin_locked(sending, slot);
    pthread_mutex_unlock(&channel->lock);
    ready = sending->len > 0 || record_prepare(channel, sending);
    for (uint32_t i = 0; i < choice->count && result == POST_REFUSED && ready && sending->len > 0;
         i++) {
        if (!choice->of[i].link)
            continue;
        result = post(channel, sending, choice->of[i].link);
        if (result == POST_REFUSED) {
            back_link_put(choice->of[i].link);
            choice->of[i].link = NULL;
        }
    }
    if (sending->len == 0) {
        sending_refuse(channel, slot);
        result = POST_SENT;
    }
    memory_free(MEMORY_callbacks, sending->kept);
    back_call_put(sending->call);
    pthread_mutex_lock(&channel->lock);
    if (result != POST_SENT)
        sending_fail_locked(channel, slot);
    return result == POST_SENT;
}

static void round_send_locked(struct back_channel *channel)
{
    struct back_choice choice;
    struct sending sending;
    struct back_slot *slot;
    bool more = true;

    pthread_mutex_unlock(&channel->lock);
    back_choice_make(&choice, channel->session);
    pthread_mutex_lock(&channel->lock);
    while (more && choice.count > 0 && !channel->closed && (slot = back_slot_next_locked(channel)))
        more = slot_send_locked(channel, slot, &choice, &sending);
    pthread_mutex_unlock(&channel->lock);
    back_choice_drop(&choice);
    pthread_mutex_lock(&channel->lock);
}

void back_send(struct back_channel *channel)
{
    pthread_mutex_lock(&channel->lock);
    channel->wanted = true;
    if (channel->sending) {
        pthread_mutex_unlock(&channel->lock);
        return;
    }
    channel->sending = true;
    while (channel->wanted) {
        channel->wanted = false;
        if (!channel->closed && back_slot_waits_locked(channel))
            round_send_locked(channel);
    }
    channel->sending = false;
    back_channel_active_locked(channel);
    pthread_mutex_unlock(&channel->lock);
}
