/* SPDX-License-Identifier: Apache-2.0 */
/* Order, removal from everywhere, twice and during a walk. */
#include "base/list.h"

#include "lib/test.h"

struct item {
    int number;
    struct list link;
};

static struct item items[4];
static struct list list;

static int set_up(void **state)
{
    (void)state;
    list_init(&list);
    for (int i = 0; i < 4; i++) {
        items[i].number = i;
        list_init(&items[i].link);
    }
    return 0;
}

/* The numbers as digits, forwards, and the same backwards. */
static void expect(const char *numbers)
{
    size_t count = strlen(numbers), at = 0;
    struct list *node = list.prev;

    LIST_FOREACH (item, &list, struct item, link)
        assert_int_equal(item->number, numbers[at++] - '0');
    assert_int_equal(at, count);
    for (; at > 0; node = node->prev)
        assert_ptr_equal(node, &items[numbers[--at] - '0'].link);
    assert_ptr_equal(node, &list);
    assert_int_equal(list_empty(&list), count == 0);
}

static void pushes_at_both_ends(void **state)
{
    (void)state;
    expect("");
    list_push_back(&list, &items[1].link);
    expect("1");
    list_push_back(&list, &items[2].link);
    list_push_front(&list, &items[0].link);
    expect("012");
}

static void push_all(void)
{
    for (int i = 0; i < 4; i++)
        list_push_back(&list, &items[i].link);
}

static void removes_from_everywhere(void **state)
{
    (void)state;
    push_all();
    list_remove(&items[2].link);
    expect("013");
    list_remove(&items[0].link);
    expect("13");
    list_remove(&items[3].link);
    expect("1");
    list_remove(&items[1].link);
    expect("");
}

/* A node that has been removed is on a list of its own. */
static void removes_twice(void **state)
{
    (void)state;
    push_all();
    list_remove(&items[1].link);
    list_remove(&items[1].link);
    expect("023");
    assert_true(list_empty(&items[1].link));
    list_push_front(&list, &items[1].link);
    expect("1023");
}

static void pops_in_order(void **state)
{
    (void)state;
    push_all();
    for (int i = 0; i < 4; i++) {
        assert_ptr_equal(list_pop_front(&list), &items[i].link);
        assert_true(list_empty(&items[i].link));
    }
    assert_null(list_pop_front(&list));
}

static void removes_during_a_walk(void **state)
{
    (void)state;
    push_all();
    LIST_FOREACH_SAFE (item, &list, struct item, link) {
        if (item->number != 2)
            list_remove(&item->link);
    }
    expect("2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(pushes_at_both_ends, set_up),
        cmocka_unit_test_setup(removes_from_everywhere, set_up),
        cmocka_unit_test_setup(removes_twice, set_up),
        cmocka_unit_test_setup(pops_in_order, set_up),
        cmocka_unit_test_setup(removes_during_a_walk, set_up),
    };

    return test_group_run(tests);
}
