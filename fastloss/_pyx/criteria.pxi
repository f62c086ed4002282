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


cdef object finish(Detection d, object result, tuple items, object gains, object class_weight, object grad,
                   tuple more=()):
    """Run a criterion whose arrays are set; `more` are items with a gain of their own."""
    cdef bint derive
    d.set_loss(gains, items, class_weight)
    derive = wants_several("grad", grad)
    if derive:
        d.set_grad("grad", grad, [])
    d.run()
    loss = d.loss(result, items + more, d.args.total)
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
                           level_sizes, strides, gains, overlapping, mask_assignment, sem, sem_gain, topk, topk2,
                           alpha, beta, class_weight, min_side, grad):
    """... with instance masks."""
    cdef Detection d = Detection()
    d.set_head(boxes, scores, "boxes", "scores", level_sizes, strides)
    d.set_targets(batch_idx, cls, bboxes)
    d.set_masks(coefficients, proto, masks, overlapping, mask_assignment)
    d.set_semantic(sem, sem_gain)
    d.set_assignment(topk, topk2, alpha, beta, min_side)
    return finish(d, result, MASK_ITEMS, gains, class_weight, grad, ((FL_ITEM_SEM, "sem"),))


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


cdef cnp.ndarray residual_input(str name, object x, cnp.ndarray like, object shape):
    """One of the arrays that the likelihood is differentiated by, contiguous."""
    cdef cnp.ndarray a = as_input(name, x)
    if shape_of(a) != shape:
        raise ValueError(f"{name} has shape {shape_of(a)}; expected {shape} for error's {shape_of(like)}")
    if cnp.PyArray_TYPE(a) != cnp.PyArray_TYPE(like):
        raise TypeError(f"{name} has dtype {a.dtype}, but error has dtype {like.dtype}")
    return contiguous(a, cnp.PyArray_TYPE(a))


def residual_log_likelihood(error, sigma, log_density, weight, grad):
    """The loss, and where asked for its gradients by the first three arrays."""
    cdef fl_residual_args args
    cdef cnp.ndarray e = as_input("error", error), s, d, w = None, out
    cdef list outs = [], own = []
    cdef int i, status
    if cnp.PyArray_NDIM(e) != 2 or not cnp.PyArray_DIM(e, 1):
        raise ValueError(f"error has shape {shape_of(e)}; expected (rows, coordinates)")
    e = contiguous(e, cnp.PyArray_TYPE(e))
    s = residual_input("sigma", sigma, e, shape_of(e))
    d = residual_input("log_density", log_density, e, shape_of(e)[:1])
    args.dtype = dtype_of(e)
    args.n, args.width = cnp.PyArray_DIM(e, 0), cnp.PyArray_DIM(e, 1)
    args.error, args.sigma = <char *>cnp.PyArray_DATA(e), <char *>cnp.PyArray_DATA(s)
    args.log_density, args.weight = <char *>cnp.PyArray_DATA(d), NULL
    if weight is not None:
        w = as_operand("weight", weight)
        if shape_of(w) != shape_of(d):
            raise ValueError(f"weight has shape {shape_of(w)}; expected {shape_of(d)}, one for each row of error")
        w = contiguous(w, cnp.PyArray_TYPE(e))
        args.weight = <char *>cnp.PyArray_DATA(w)
    args.grad_error = args.grad_sigma = args.grad_log_density = NULL
    if wants_several("grad", grad):
        buffers = grad
        if not isinstance(grad, (tuple, list)):
            outs = own = [empty(a, cnp.PyArray_TYPE(a)) for a in (e, s, d)]
        else:
            buffers = parse_several("grad", grad, 3, "False, True or 3 arrays")
            taken = [("error", error), ("sigma", sigma), ("log_density", log_density), ("weight", weight)]
            for i, a in enumerate((e, s, d)):
                out = as_output(f"grad[{i}]", buffers[i], a, taken[i][0], tuple(taken))
                taken.append((f"grad[{i}]", out))
                outs.append(out)
                plain = cnp.PyArray_IS_C_CONTIGUOUS(out) and cnp.PyArray_ISALIGNED(out)
                own.append(out if plain else empty(a, cnp.PyArray_TYPE(a)))
        args.grad_error = <char *>cnp.PyArray_DATA(<cnp.ndarray>own[0])
        args.grad_sigma = <char *>cnp.PyArray_DATA(<cnp.ndarray>own[1])
        args.grad_log_density = <char *>cnp.PyArray_DATA(<cnp.ndarray>own[2])
    with nogil:
        status = fl_residual(&args)
    if status == FL_BAD_LABEL:
        row, column = divmod(args.bad, args.width)
        raise ValueError(f"sigma[{row}, {column}] is {s[row, column]}; expected numbers >= 0")
    for out, a in zip(outs, own):
        if out is not a:
            out[...] = a
    return (args.result, tuple(outs)) if outs else args.result


def task_aligned_assign(result, boxes, scores, batch_idx, cls, bboxes, level_sizes, strides, keypoints,
                        target_keypoints, sigmas, decode, level_range, topk, topk2, alpha, beta, min_side):
    """The object of every anchor and its score, as a `result` (a named tuple)."""
    cdef Detection d = Detection()
    cdef cnp.npy_intp shape[2]
    cdef cnp.ndarray index, score
    d.set_head(boxes, scores, "boxes", "scores", level_sizes, strides)
    d.set_targets(batch_idx, cls, bboxes)
    if (keypoints is None) != (target_keypoints is None):
        raise ValueError("keypoints and target_keypoints go together; expected both or neither")
    if keypoints is not None:
        d.set_keypoints(keypoints, target_keypoints, sigmas, decode, True)
    elif decode != "cell":
        raise ValueError(f"decode is {shown(decode)}, but there are no keypoints; expected 'cell'")
    elif sigmas is not None:
        raise ValueError(f"sigmas is {shown(sigmas)}, but there are no keypoints; expected None")
    d.set_level_range(level_range)
    d.set_assignment(topk, topk2, alpha, beta, min_side)
    shape[0], shape[1] = d.args.batch, d.args.anchors
    index = cnp.PyArray_EMPTY(2, shape, cnp.NPY_INT64, 0)
    score = cnp.PyArray_EMPTY(2, shape, cnp.PyArray_TYPE(d.boxes), 0)
    d.args.object_index = <int64_t *>cnp.PyArray_DATA(index)
    d.args.object_score = <char *>cnp.PyArray_DATA(score)
    d.run()
    return result(index, score)
