"""Every function of the registry in plain torch, differentiated by autograd."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F


def reduce(loss, reduction, weight=None, empty=math.nan):
    if weight is not None:
        loss = loss * weight
    if reduction == "none":
        return loss
    if reduction == "sum":
        return loss.sum()
    return loss.mean() if loss.numel() else loss.sum() * 0 + empty


def full(weight, like):
    """torch wants weights of the input's own size in mse_loss, l1_loss and huber_loss."""
    return None if weight is None else weight.expand(like.shape)


def mse_loss(x, t, weight=None, **options):
    return F.mse_loss(x, t, weight=full(weight, x), **options)


def l1_loss(x, t, weight=None, **options):
    return F.l1_loss(x, t, weight=full(weight, x), **options)


def huber_loss(x, t, weight=None, **options):
    return F.huber_loss(x, t, weight=full(weight, x), **options)


def rmse_loss(x, t, reduction, weight=None):
    if reduction == "none":
        return (torch.ones_like(x) if weight is None else weight).sqrt() * (x - t).abs()
    return F.mse_loss(x, t, weight=full(weight, x), reduction=reduction).sqrt()


def smooth_l1_loss(x, t, reduction, weight=None, **options):
    return reduce(F.smooth_l1_loss(x, t, reduction="none", **options), reduction, weight)


def hinge_loss(x, t, reduction, weight=None):
    return reduce(F.relu(1 - t * x), reduction, weight)


def weighted(function):
    """One of torch.nn.functional that takes no weight, with one."""

    def loss(x, *args, reduction, weight=None, **options):
        if reduction != "batchmean":
            return reduce(function(x, *args, reduction="none", **options), reduction, weight)
        each = function(x, *args, reduction="none", **options)
        return reduce(each, "sum", weight) / (len(x) if x.ndim else 1)

    return loss


def plain(function):
    """A formula of the elements."""

    def loss(x, t, reduction, weight=None, **options):
        return reduce(function(x, t, **options), reduction, weight)

    return loss


def sides(r, below):
    return torch.where(r < 0, below, 1 - below)


def log_cosh(x, t):
    r = (x - t).abs()
    far = r + F.softplus(-2 * r) - math.log(2)
    return torch.where(r < 1, torch.log(torch.cosh(r.clamp(max=1))), far)


def gamma_nll(x, t, log_input=True, eps=1e-8):
    return x + t * torch.exp(-x) if log_input else torch.log(x + eps) + t / (x + eps)


def tweedie(x, t, power=1.5):
    if power == 1:
        return F.poisson_nll_loss(x, t, reduction="none")
    if power == 2:
        return gamma_nll(x, t)
    a, b = 1 - power, 2 - power
    return torch.exp(b * x) / b - t * torch.exp(a * x) / a


def quality_focal(x, t, beta=2.0):
    distance = (torch.sigmoid(x) - t).abs()
    return distance**beta * F.binary_cross_entropy_with_logits(x, t, reduction="none")


def asymmetric(x, t, gamma_neg=4.0, gamma_pos=1.0, clip=0.05, eps=1e-8):
    p = torch.sigmoid(x)
    n = torch.sigmoid(-x)
    if clip > 0:
        n = (n + clip).clamp(max=1)
    each = t * torch.log(p.clamp(min=eps)) + (1 - t) * torch.log(n.clamp(min=eps))
    if gamma_neg > 0 or gamma_pos > 0:
        right = p * t + n * (1 - t)
        each = each * (1 - right) ** (gamma_pos * t + gamma_neg * (1 - t))
    return -each


def sigmoid_focal_loss(x, t, reduction, weight=None, alpha=0.25, gamma=2.0):
    p = torch.sigmoid(x)
    loss = F.binary_cross_entropy_with_logits(x, t, reduction="none")
    loss = loss * (1 - (p * t + (1 - p) * (1 - t))) ** gamma
    if alpha >= 0:
        loss = (alpha * t + (1 - alpha) * (1 - t)) * loss
    return reduce(loss, reduction, weight)


def varifocal_loss(x, q, reduction, weight=None, alpha=0.75, gamma=2.0):
    y = (q > 0).to(x.dtype)
    w = alpha * torch.sigmoid(x) ** gamma * (1 - y) + q * y
    loss = w * F.binary_cross_entropy_with_logits(x, q, reduction="none")
    return reduce(loss, reduction, weight)


def distribution_focal_loss(x, t, reduction, weight=None):
    bins = x.shape[-1]
    t = t.clamp(0, bins - 1.01).reshape(-1)
    rows = x.reshape(-1, bins)
    k = t.long()
    left = F.cross_entropy(rows, k, reduction="none") * (k + 1 - t)
    right = F.cross_entropy(rows, k + 1, reduction="none") * (t - k)
    return reduce((left + right).reshape(x.shape[:-1]), reduction, weight)


def row_function(x, t, function, reduction, weight=None, ignore_index=-100):
    """A function of log P_t, averaged as cross_entropy is."""
    log_p = -F.cross_entropy(x, t, reduction="none", ignore_index=ignore_index)
    counted = t != ignore_index
    w = x.new_ones(x.shape[min(x.ndim - 1, 1)]) if weight is None else weight
    w = torch.where(counted, w[torch.where(counted, t, 0)], 0)
    loss = torch.where(counted, w * function(log_p), 0)
    if reduction == "mean":
        return loss.sum() / w.sum()
    return loss.sum() if reduction == "sum" else loss


def softmax_focal_loss(x, t, gamma=2.0, **options):
    return row_function(x, t, lambda l: -((1 - l.exp()) ** gamma) * l, **options)


def poly1_cross_entropy(x, t, epsilon=1.0, **options):
    return row_function(x, t, lambda l: -l + epsilon * (1 - l.exp()), **options)


def not_of_nothing(function):
    """torch's margin losses of no rows are uninitialised memory."""

    def loss(x, t, reduction="mean", **options):
        if x.numel():
            return function(x, t, reduction=reduction, **options)
        return reduce(x.sum(-1), reduction)

    return loss


def dice_loss(
    x,
    t,
    reduction,
    mode="binary",
    from_logits=True,
    per_image=False,
    average="macro",
    smooth_nr=1e-5,
    smooth_dr=1e-5,
    squared=False,
    classes=None,
    class_weight=None,
    skip_absent=False,
    ignore_index=None,
):
    """Written with loops over groups, unlike the reference."""
    p = x
    if from_logits:
        p = torch.softmax(x, 1) if mode == "multiclass" else torch.sigmoid(x)
    mask = torch.ones_like(x)
    if t.shape != x.shape:
        counted = torch.ones_like(t, dtype=x.dtype)
        if ignore_index is not None:
            counted = (t != ignore_index).to(x.dtype)
            t = torch.where(t == ignore_index, 0, t)
        mask = counted.unsqueeze(1).expand(x.shape)
        t = F.one_hot(t, x.shape[1]).movedim(-1, 1).to(x.dtype)
    elif ignore_index is not None:
        mask = (t != ignore_index).to(x.dtype)
    chosen = (
        [0] if mode == "binary" else list(classes if classes is not None else range(x.shape[1]))
    )
    if mode == "binary":
        p, t, mask = (a.unsqueeze(1) for a in (p, t, mask))
    images = [[n] for n in range(len(x))] if per_image else [list(range(len(x)))]
    groups = [chosen] if average == "micro" else [[c] for c in chosen]
    table = []
    for image in images:
        line = []
        for group in groups:
            m = mask[image][:, group]
            a, b = p[image][:, group][m > 0], t[image][:, group][m > 0]
            power = 2 if squared else 1
            total = (b**power).sum()
            dice = (2 * (a * b).sum() + smooth_nr) / ((a**power).sum() + total + smooth_dr)
            loss = 1 - dice
            if skip_absent and total == 0:
                loss = x.sum() * 0
            line.append(loss if class_weight is None else loss * class_weight[group[0]])
        table.append(torch.stack(line))
    table = torch.stack(table)
    if mode == "binary" or average == "micro":
        table = table[:, 0]
    if not per_image:
        table = table[0]
    if reduction == "none":
        return table
    if reduction == "sum" or class_weight is None:
        return table.sum() if reduction == "sum" else table.mean()
    return table.sum() / (class_weight[chosen].sum() * len(images))


def corners(boxes, fmt):
    a, b, c, d = boxes.unbind(-1)
    if fmt == "xywh":
        return a, b, a + c, b + d
    return (a - c / 2, b - d / 2, a + c / 2, b + d / 2) if fmt == "cxcywh" else (a, b, c, d)


def shares(p, t, clamp):
    """(enclosing width, enclosing height, squared distance of the centres)."""
    cw = torch.max(p[2], t[2]) - torch.min(p[0], t[0])
    ch = torch.max(p[3], t[3]) - torch.min(p[1], t[1])
    if clamp:
        cw, ch = cw.clamp(min=0), ch.clamp(min=0)
    rho = ((t[0] + t[2] - p[0] - p[2]) ** 2 + (t[1] + t[3] - p[1] - p[3]) ** 2) / 4
    return cw, ch, rho


def alpha_v(w, h, tw, th, iou, eps):
    v = 4 / math.pi**2 * (torch.atan(tw / th) - torch.atan(w / h)) ** 2
    return (v / (1 - iou + v + eps)).detach() * v


def box_loss(kind):
    def loss(b1, b2, reduction, weight=None, eps=1e-7):
        inner = 1e-7 if kind == "ciou" else eps
        p, t = b1.unbind(-1), b2.unbind(-1)
        iw = torch.min(p[2], t[2]) - torch.max(p[0], t[0])
        ih = torch.min(p[3], t[3]) - torch.max(p[1], t[1])
        overlap = (iw > 0) & (ih > 0)
        inter = torch.where(overlap, iw * ih, 0)
        w, h, tw, th = p[2] - p[0], p[3] - p[1], t[2] - t[0], t[3] - t[1]
        union = w * h + tw * th - inter
        iou = inter / (union + inner)
        cw, ch, rho = shares(p, t, clamp=False)
        value = 1 - iou
        if kind == "giou":
            value = value + (cw * ch - union) / (cw * ch + inner)
        if kind in ("diou", "ciou"):
            value = value + rho / (cw**2 + ch**2 + inner)
        if kind == "ciou":
            value = value + alpha_v(w, h, tw, th, iou, eps)
        return reduce(value, reduction, weight, empty=0.0)

    return loss


def bbox_iou(b1, b2, kind="iou", fmt="xyxy", eps=1e-7):
    p, t = corners(b1, fmt), corners(b2, fmt)
    if fmt == "xyxy":
        w, h, tw, th = p[2] - p[0], p[3] - p[1] + eps, t[2] - t[0], t[3] - t[1] + eps
    else:
        w, h, tw, th = b1[..., 2], b1[..., 3], b2[..., 2], b2[..., 3]
    iw = (torch.min(p[2], t[2]) - torch.max(p[0], t[0])).clamp(min=0)
    ih = (torch.min(p[3], t[3]) - torch.max(p[1], t[1])).clamp(min=0)
    inter = iw * ih
    union = w * h + tw * th - inter + eps
    iou = inter / union
    cw, ch, rho = shares(p, t, clamp=False)
    if kind == "giou":
        return iou - (cw * ch + eps - union) / (cw * ch + eps)
    if kind == "iou":
        return iou
    overlap = iou - rho / (cw**2 + ch**2 + eps)
    return overlap if kind == "diou" else overlap - alpha_v(w, h, tw, th, iou, eps)


def matrix(kind):
    def overlap(b1, b2, fmt="xyxy", eps=1e-7):
        b1, b2 = b1.unsqueeze(-2), b2.unsqueeze(-3)
        p, t = corners(b1, fmt), corners(b2, fmt)
        iw = (torch.min(p[2], t[2]) - torch.max(p[0], t[0])).clamp(min=0)
        ih = (torch.min(p[3], t[3]) - torch.max(p[1], t[1])).clamp(min=0)
        inter = iw * ih
        if fmt == "xyxy":
            w, h, tw, th = p[2] - p[0], p[3] - p[1], t[2] - t[0], t[3] - t[1]
        else:
            w, h, tw, th = b1[..., 2], b1[..., 3], b2[..., 2], b2[..., 3]
        union = w * h + tw * th - inter
        iou = inter / union
        cw, ch, rho = shares(p, t, clamp=True)
        if kind == "iou":
            return iou
        if kind == "giou":
            return iou - (cw * ch - union) / (cw * ch)
        value = iou - rho / (cw**2 + ch**2 + eps)
        return value if kind == "diou" else value - alpha_v(w, h, tw, th, iou, eps)

    return overlap


def penalty(l1, l2):
    def value(params, strength=1.0, l1_ratio=None):
        a, b = (l1, l2) if l1_ratio is None else (l1_ratio, 1 - l1_ratio)
        return strength * (a * params.abs().sum() + b / 2 * (params**2).sum())

    return value


def elastic_net(params, strength=1.0, l1_ratio=0.5):
    return penalty(0, 0)(params, strength, l1_ratio)


ORACLES = {
    "mse_loss": mse_loss,
    "rmse_loss": rmse_loss,
    "l1_loss": l1_loss,
    "smooth_l1_loss": smooth_l1_loss,
    "huber_loss": huber_loss,
    "binary_cross_entropy": F.binary_cross_entropy,
    "binary_cross_entropy_with_logits": F.binary_cross_entropy_with_logits,
    "log_cosh_loss": plain(log_cosh),
    "quantile_loss": plain(lambda x, t, quantile=0.5: sides(x - t, quantile) * (x - t).abs()),
    "expectile_loss": plain(lambda x, t, expectile=0.5: sides(x - t, expectile) * (x - t) ** 2),
    "poisson_nll_loss": weighted(F.poisson_nll_loss),
    "gaussian_nll_loss": weighted(F.gaussian_nll_loss),
    "gamma_nll_loss": plain(gamma_nll),
    "tweedie_loss": plain(tweedie),
    "msle_loss": plain(lambda x, t: (torch.log1p(x) - torch.log1p(t)) ** 2),
    "mape_loss": plain(lambda x, t, eps=2**-52: (x - t).abs() / t.abs().clamp(min=eps)),
    "kl_div": weighted(F.kl_div),
    "hinge_loss": hinge_loss,
    "squared_hinge_loss": plain(lambda x, t: F.relu(1 - t * x) ** 2),
    "exponential_loss": plain(lambda x, t: torch.exp(-t * x)),
    "soft_margin_loss": weighted(F.soft_margin_loss),
    "hinge_embedding_loss": weighted(F.hinge_embedding_loss),
    "quality_focal_loss": plain(quality_focal),
    "asymmetric_loss": plain(asymmetric),
    "sigmoid_focal_loss": sigmoid_focal_loss,
    "varifocal_loss": varifocal_loss,
    "cross_entropy": F.cross_entropy,
    "nll_loss": F.nll_loss,
    "distribution_focal_loss": distribution_focal_loss,
    "softmax_focal_loss": softmax_focal_loss,
    "poly1_cross_entropy": poly1_cross_entropy,
    "multi_margin_loss": not_of_nothing(F.multi_margin_loss),
    "multilabel_margin_loss": not_of_nothing(F.multilabel_margin_loss),
    "multilabel_soft_margin_loss": F.multilabel_soft_margin_loss,
    "dice_loss": dice_loss,
    "box_iou_loss": box_loss("iou"),
    "generalized_box_iou_loss": box_loss("giou"),
    "distance_box_iou_loss": box_loss("diou"),
    "complete_box_iou_loss": box_loss("ciou"),
    "bbox_iou": bbox_iou,
    "box_iou": matrix("iou"),
    "generalized_box_iou": matrix("giou"),
    "distance_box_iou": matrix("diou"),
    "complete_box_iou": matrix("ciou"),
    "l1_penalty": penalty(1, 0),
    "l2_penalty": penalty(0, 1),
    "elastic_net_penalty": elastic_net,
}
