/* SPDX-License-Identifier: Apache-2.0 */
/* Callback arguments and results compared with bytes put together by hand (S22-33), numbers of
 * operations among them (S22A-13). */
#include <stdlib.h>

#include "golden.h"

/* Any of them; each case knows which. */
union cb {
    struct CB_GETATTR4args getattr;
    struct CB_GETATTR4resok getattr_ok;
    struct CB_RECALL4args recall;
    struct CB_LAYOUTRECALL4args layoutrecall;
    struct CB_NOTIFY4args notify;
    struct CB_PUSH_DELEG4args push;
    struct CB_RECALL_ANY4args recall_any;
    struct CB_RECALL_SLOT4args recall_slot;
    struct CB_SEQUENCE4args sequence;
    struct CB_SEQUENCE4resok sequence_ok;
    struct CB_WANTS_CANCELLED4args cancelled;
    struct CB_NOTIFY_LOCK4args notify_lock;
    struct CB_NOTIFY_DEVICEID4args deviceid;
    struct CB_OFFLOAD4args offload;
    struct notify_add4 add;
    struct notify_remove4 remove;
    struct notify_rename4 rename;
    struct notify_attr4 attr;
    struct notify_verifier4 verifier;
};

struct cb_case {
    const char *name;
    const char *hex;
    bool (*filter)(struct xdr *x, union cb *v);
    void (*check)(const union cb *v);
};

#define CB_CASE(id, type, member)                                                                  \
    static bool filter_##id(struct xdr *x, union cb *v)                                            \
    {                                                                                              \
        return wire_##type(x, &v->member);                                                         \
    }                                                                                              \
    static void check_##id(const union cb *v)

CB_CASE(getattr, CB_GETATTR4args, getattr)
{
    golden_fh(&v->getattr.fh);
    golden_bitmap(&v->getattr.attr_request);
}

CB_CASE(getattr_ok, CB_GETATTR4resok, getattr_ok)
{
    golden_fattr(&v->getattr_ok.obj_attributes);
}

CB_CASE(recall, CB_RECALL4args, recall)
{
    golden_stateid(&v->recall.stateid);
    assert_true(v->recall.truncate);
    golden_fh(&v->recall.fh);
}

CB_CASE(layoutrecall, CB_LAYOUTRECALL4args, layoutrecall)
{
    EQ(v->layoutrecall.clora_type, 1);
    EQ(v->layoutrecall.clora_iomode, LAYOUTIOMODE4_ANY);
    assert_true(v->layoutrecall.clora_changed);
    EQ(v->layoutrecall.clora_recall.lor_recalltype, LAYOUTRECALL4_FILE);
    golden_fh(&v->layoutrecall.clora_recall.lor_layout.lor_fh);
    EQ(v->layoutrecall.clora_recall.lor_layout.lor_offset, 65536);
    EQ(v->layoutrecall.clora_recall.lor_layout.lor_length, 4096);
    golden_stateid(&v->layoutrecall.clora_recall.lor_layout.lor_stateid);
}

CB_CASE(layoutrecall_fsid, CB_LAYOUTRECALL4args, layoutrecall)
{
    EQ(v->layoutrecall.clora_recall.lor_recalltype, LAYOUTRECALL4_FSID);
    EQ(v->layoutrecall.clora_recall.lor_fsid.major, 65536);
    EQ(v->layoutrecall.clora_recall.lor_fsid.minor, 4096);
}

CB_CASE(notify, CB_NOTIFY4args, notify)
{
    golden_stateid(&v->notify.cna_stateid);
    golden_fh(&v->notify.cna_fh);
    EQ(v->notify.cna_changes_count, 1);
    assert_true(bitmap4_isset(&v->notify.cna_changes[0].notify_mask, NOTIFY4_ADD_ENTRY));
    golden_text(&v->notify.cna_changes[0].notify_vals, "abc");
}

CB_CASE(push, CB_PUSH_DELEG4args, push)
{
    golden_fh(&v->push.cpda_fh);
    EQ(v->push.cpda_delegation.delegation_type, OPEN_DELEGATE_READ);
    golden_stateid(&v->push.cpda_delegation.read.stateid);
}

CB_CASE(recall_any, CB_RECALL_ANY4args, recall_any)
{
    EQ(v->recall_any.craa_objects_to_keep, 5);
    assert_true(bitmap4_isset(&v->recall_any.craa_type_mask, RCA4_TYPE_MASK_RDATA_DLG));
    assert_true(bitmap4_isset(&v->recall_any.craa_type_mask, RCA4_TYPE_MASK_DIR_DLG));
}

CB_CASE(recall_slot, CB_RECALL_SLOT4args, recall_slot)
{
    EQ(v->recall_slot.rsa_target_highest_slotid, 15);
}

CB_CASE(sequence, CB_SEQUENCE4args, sequence)
{
    const struct referring_call_list4 *lists = v->sequence.csa_referring_call_lists;

    golden_fixed(v->sequence.csa_sessionid, 0x10, 16);
    EQ(v->sequence.csa_sequenceid, 1);
    EQ(v->sequence.csa_slotid, 2);
    EQ(v->sequence.csa_highest_slotid, 3);
    assert_true(v->sequence.csa_cachethis);
    EQ(v->sequence.csa_referring_call_lists_count, 1);
    golden_fixed(lists[0].rcl_sessionid, 0x10, 16);
    EQ(lists[0].rcl_referring_calls_count, 2);
    EQ(lists[0].rcl_referring_calls[1].rc_sequenceid, 8);
    EQ(lists[0].rcl_referring_calls[1].rc_slotid, 9);
}

CB_CASE(sequence_ok, CB_SEQUENCE4resok, sequence_ok)
{
    golden_fixed(v->sequence_ok.csr_sessionid, 0x10, 16);
    EQ(v->sequence_ok.csr_sequenceid, 1);
    EQ(v->sequence_ok.csr_slotid, 2);
    EQ(v->sequence_ok.csr_highest_slotid, 3);
    EQ(v->sequence_ok.csr_target_highest_slotid, 4);
}

CB_CASE(cancelled, CB_WANTS_CANCELLED4args, cancelled)
{
    assert_true(v->cancelled.cwca_contended_wants_cancelled);
    assert_false(v->cancelled.cwca_resourced_wants_cancelled);
}

CB_CASE(notify_lock, CB_NOTIFY_LOCK4args, notify_lock)
{
    golden_fh(&v->notify_lock.cnla_fh);
    golden_owner(&v->notify_lock.cnla_lock_owner);
}

CB_CASE(deviceid, CB_NOTIFY_DEVICEID4args, deviceid)
{
    EQ(v->deviceid.cnda_changes_count, 1);
    golden_bitmap(&v->deviceid.cnda_changes[0].notify_mask);
}

CB_CASE(offload, CB_OFFLOAD4args, offload)
{
    golden_fh(&v->offload.coa_fh);
    golden_stateid(&v->offload.coa_stateid);
    EQ(v->offload.coa_status, NFS4_OK);
    EQ(v->offload.coa_resok4.wr_callback_id_count, 0);
    EQ(v->offload.coa_resok4.wr_count, 65536);
    EQ(v->offload.coa_resok4.wr_committed, UNSTABLE4);
    golden_fixed(v->offload.coa_resok4.wr_writeverf, 0x51, 8);
}

CB_CASE(offload_failed, CB_OFFLOAD4args, offload)
{
    golden_fh(&v->offload.coa_fh);
    golden_stateid(&v->offload.coa_stateid);
    EQ(v->offload.coa_status, NFS4ERR_NOSPC);
    EQ(v->offload.coa_bytes_copied, 4096);
}

CB_CASE(add, notify_add4, add)
{
    EQ(v->add.nad_old_entry_count, 1);
    golden_text(&v->add.nad_old_entry->nrm_old_entry.ne_file, "de");
    EQ(v->add.nad_old_entry->nrm_old_entry_cookie, 16);
    golden_text(&v->add.nad_new_entry.ne_file, "abc");
    golden_fattr(&v->add.nad_new_entry.ne_attrs);
    EQ(v->add.nad_new_entry_cookie_count, 1);
    EQ(v->add.nad_new_entry_cookie[0], 17);
    EQ(v->add.nad_prev_entry_count, 1);
    EQ(v->add.nad_prev_entry->pe_prev_entry_cookie, 18);
    assert_true(v->add.nad_last_entry);
}

CB_CASE(remove, notify_remove4, remove)
{
    golden_text(&v->remove.nrm_old_entry.ne_file, "abc");
    EQ(v->remove.nrm_old_entry_cookie, 17);
}

CB_CASE(rename, notify_rename4, rename)
{
    golden_text(&v->rename.nrn_old_entry.nrm_old_entry.ne_file, "abc");
    golden_text(&v->rename.nrn_new_entry.nad_new_entry.ne_file, "de");
    assert_false(v->rename.nrn_new_entry.nad_last_entry);
}

CB_CASE(attr, notify_attr4, attr)
{
    golden_text(&v->attr.na_changed_entry.ne_file, "abc");
    golden_fattr(&v->attr.na_changed_entry.ne_attrs);
}

CB_CASE(verifier, notify_verifier4, verifier)
{
    golden_fixed(v->verifier.nv_old_cookieverf, 0x51, 8);
    golden_fixed(v->verifier.nv_new_cookieverf, 0x51, 8);
}

#define CASE(id, hex)                                                                              \
    {                                                                                              \
#id, hex, filter_##id, check_##id                                                          \
    }

static const struct cb_case cases[] = {
    CASE(getattr, FH BITMAP),
    CASE(getattr_ok, FATTR),
    CASE(recall, STATEID "00000001 " FH),
    CASE(layoutrecall, "00000001 00000003 00000001 00000001 " FH OFFSET LENGTH STATEID),
    CASE(layoutrecall_fsid, "00000001 00000003 00000001 00000002 " OFFSET LENGTH),
    CASE(notify, STATEID FH "00000001 00000001 00000008 " NAME),
    CASE(push, FH "00000001 " STATEID "00000000 00000000 00000000 00000001 " NAME),
    CASE(recall_any, "00000005 00000001 00000005"),
    CASE(recall_slot, "0000000f"),
    CASE(sequence, SESSIONID "00000001 00000002 00000003 00000001 00000001 " SESSIONID
                             "00000002 00000006 00000007 00000008 00000009"),
    CASE(sequence_ok, SESSIONID "00000001 00000002 00000003 00000004"),
    CASE(cancelled, "00000001 00000000"),
    CASE(notify_lock, FH OWNER),
    CASE(deviceid, "00000001 " BITMAP NAME),
    CASE(offload, FH STATEID "00000000 00000000 " OFFSET "00000000 " VERIFIER),
    CASE(offload_failed, FH STATEID "0000001c " LENGTH),
    CASE(add, "00000001 " NAME2 FATTR "00000000 00000010 " NAME FATTR
              "00000001 00000000 00000011 00000001 " NAME2 FATTR "00000000 00000012 00000001"),
    CASE(remove, NAME FATTR "00000000 00000011"),
    CASE(rename, NAME FATTR "00000000 00000011 00000000 " NAME2 FATTR "00000000 00000000 00000000"),
    CASE(attr, NAME FATTR),
    CASE(verifier, VERIFIER VERIFIER),
};

static void check_case(const struct cb_case *c, struct arena *arena)
{
    uint8_t bytes[GOLDEN_BYTES_MAX], again[GOLDEN_BYTES_MAX];
    size_t len = golden_bytes(c->hex, bytes, sizeof(bytes));
    union cb v;
    struct xdr x;

    memset(&v, 0xff, sizeof(v));
    xdr_init_decode(&x, bytes, len, arena);
    if (!c->filter(&x, &v) || xdr_left(&x))
        fail_msg("%s: not decoded, %zu bytes left", c->name, xdr_left(&x));
    c->check(&v);
    xdr_init_encode(&x, again, sizeof(again));
    assert_true(c->filter(&x, &v));
    EQ(xdr_pos(&x), len);
    assert_memory_equal(again, bytes, len);
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *copy = malloc(cut ? cut : 1);

        assert_non_null(copy);
        memcpy(copy, bytes, cut);
        xdr_init_decode(&x, copy, cut, arena);
        if (c->filter(&x, &v))
            fail_msg("%s: %zu of %zu bytes are enough", c->name, cut, len);
        free(copy);
    }
}

static void test_cases(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, 4096);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        check_case(&cases[i], &arena);
        arena_reset(&arena);
    }
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};

    return test_group_run(tests);
}
