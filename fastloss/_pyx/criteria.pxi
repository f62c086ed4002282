# criteria.pxi -- the criteria of detectors, one function each.

cdef bint wants_several(str name, object grad) except -1:
    """`wants` for several outputs: False: no; True, a sequence: yes."""
    if grad is False or (isinstance(grad, np.bool_) and not grad):
        return False
    if grad is True or isinstance(grad, (np.bool_, tuple, list)):
        return True
    raise TypeError(f"{name} is {shown(grad)}; expected False, True or a tuple of writable arrays")


cdef tuple COCO_SIGMAS = (
    0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072, 0.062, 0.062, 0.107, 0.107, 0.087, 0.087,
    0.089, 0.089,
)
cdef tuple UPRIGHT_ITEMS = ((FL_ITEM_BOX, "box"), (FL_ITEM_CLS, "cls"), (FL_ITEM_DFL, "dfl"))
cdef tuple ROTATED_ITEMS = UPRIGHT_ITEMS + ((FL_ITEM_ANGLE, "angle"),)
cdef tuple POSE_ITEMS = (
    (FL_ITEM_BOX, "box"), (FL_ITEM_POSE, "pose"), (FL_ITEM_KOBJ, "kobj"), (FL_ITEM_CLS, "cls"), (FL_ITEM_DFL, "dfl"),
)
cdef tuple MASK_ITEMS = ((FL_ITEM_BOX, "box"), (FL_ITEM_SEG, "seg"), (FL_ITEM_CLS, "cls"), (FL_ITEM_DFL, "dfl"))


cdef object finish(Detection d, object result, tuple items, object gains, object class_weight, object grad):
    """Run a criterion whose arrays are set."""
    cdef bint derive
    d.set_loss(gains, items, class_weight)
    derive = wants_several("grad", grad)
    if derive:
        d.set_grad("grad", grad, [])
    d.run()
    loss = d.loss(result, items, d.args.total)
    return (loss, tuple(d.out)) if derive else loss


def detection(result, boxes, scores, batch_idx, cls, bboxes, level_sizes, strides, gains, topk, topk2,
              alpha, beta, class_weight, min_side, grad):
    """The criterion of one head, as a `result` (a named tuple), and where asked for its gradients."""
    cdef Detection d = Detection()
    d.set_head(boxes, scores, "boxes", "scores", level_sizes, strides)
    d.set_targets(batch_idx, cls, bboxes)
    d.set_assignment(topk, topk2, alpha, beta, min_side)
    return finish(d, result, UPRIGHT_ITEMS, gains, class_weight, grad)


def obb_detection(result, boxes, scores, angles, batch_idx, cls, bboxes, level_sizes, strides, gains, topk,
                  topk2, alpha, beta, class_weight, min_side, grad):
    """... of rotated boxes."""
    cdef Detection d = Detection()
    d.set_head(boxes, scores, "boxes", "scores", level_sizes, strides)
    d.set_angles(angles)
    d.set_targets(batch_idx, cls, bboxes)
    d.set_assignment(topk, topk2, alpha, beta, min_side)
    return finish(d, result, ROTATED_ITEMS, gains, class_weight, grad)


def pose(result, boxes, scores, keypoints, batch_idx, cls, bboxes, target_keypoints, level_sizes, strides,
         gains, sigmas, decode, keypoint_assignment, level_range, topk, topk2, alpha, beta, class_weight,
         min_side, grad):
    """... with keypoints."""
    cdef Detection d = Detection()
    d.set_head(boxes, scores, "boxes", "scores", level_sizes, strides)
    d.set_targets(batch_idx, cls, bboxes)
    d.set_keypoints(keypoints, target_keypoints, sigmas, decode, keypoint_assignment)
    d.set_assignment(topk, topk2, alpha, beta, min_side)
    d.set_level_range(level_range)
    return finish(d, result, POSE_ITEMS, gains, class_weight, grad)


def segmentation_detection(result, boxes, scores, coefficients, proto, batch_idx, cls, bboxes, masks,
                           level_sizes, strides, gains, overlapping, topk, topk2, alpha, beta, class_weight,
                           min_side, grad):
    """... with instance masks."""
    cdef Detection d = Detection()
    d.set_head(boxes, scores, "boxes", "scores", level_sizes, strides)
    d.set_targets(batch_idx, cls, bboxes)
    d.set_masks(coefficients, proto, masks, overlapping)
    d.set_assignment(topk, topk2, alpha, beta, min_side)
    return finish(d, result, MASK_ITEMS, gains, class_weight, grad)


def end_to_end_detection(result, one2many, one2one, batch_idx, cls, bboxes, weights, level_sizes, strides,
                         gains, topk, topk2, alpha, beta, class_weight, min_side, grad):
    """The criterion of a detector with two heads."""
    cdef Detection head
    cdef list heads = [], taken = []
    cdef tuple factors = parse_several("weights", weights, 2, "(one2many, one2one)")
    cdef tuple first = parse_several("topk", topk, 2, "a pair: (one2many, one2one)")
    cdef tuple second = parse_several("topk2", topk2, 2, "a pair: (one2many, one2one)")
    cdef bint derive = wants_several("grad", grad)
    buffers = grad
    if derive and isinstance(grad, (tuple, list)):
        buffers = parse_several("grad", grad, 2, "False, True or a pair of pairs of arrays")
    for i, (name, output) in enumerate((("one2many", one2many), ("one2one", one2one))):
        head = Detection()
        boxes, scores = parse_several(name, output, 2, "a pair of arrays: (boxes, scores)")
        head.set_head(boxes, scores, f"{name}[0]", f"{name}[1]", level_sizes, strides)
        head.set_targets(batch_idx, cls, bboxes)
        head.set_assignment(first[i], second[i], alpha, beta, min_side)
        head.set_loss(gains, UPRIGHT_ITEMS, class_weight)
        head.args.factor = parse_in_domain(b"weights", factors[i], FL_NONNEGATIVE)
        taken += head.arguments
        heads.append(head)
    if derive:
        for i in range(2):
            head = heads[i]
            own = isinstance(buffers, tuple)
            head.set_grad(f"grad[{i}]" if own else "grad", buffers[i] if own else True, taken)
    total = 0.0
    for head in heads:
        head.run()
        total += head.args.total
    loss = head.loss(result, UPRIGHT_ITEMS, total)
    return (loss, tuple([tuple((<Detection>h).out) for h in heads])) if derive else loss


def end_to_end_weights(epoch, epochs):
    cdef double weights[2]
    fl_end_to_end_weights(
        parse_in_domain(b"epoch", epoch, FL_NONNEGATIVE), parse_in_domain(b"epochs", epochs, FL_POSITIVE), weights
    )
    return weights[0], weights[1]


def task_aligned_assign(result, boxes, scores, batch_idx, cls, bboxes, level_sizes, strides, topk, topk2,
                        alpha, beta, min_side):
    """The object of every anchor and its score, as a `result` (a named tuple)."""
    cdef Detection d = Detection()
    cdef cnp.npy_intp shape[2]
    cdef cnp.ndarray index, score
    d.set_head(boxes, scores, "boxes", "scores", level_sizes, strides)
    d.set_targets(batch_idx, cls, bboxes)
    d.set_assignment(topk, topk2, alpha, beta, min_side)
    shape[0], shape[1] = d.args.batch, d.args.anchors
    index = cnp.PyArray_EMPTY(2, shape, cnp.NPY_INT64, 0)
    score = cnp.PyArray_EMPTY(2, shape, cnp.PyArray_TYPE(d.boxes), 0)
    d.args.object_index = <int64_t *>cnp.PyArray_DATA(index)
    d.args.object_score = <char *>cnp.PyArray_DATA(score)
    d.run()
    return result(index, score)
