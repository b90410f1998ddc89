using Naf.Gpu.Cpu;
using TorchSharp;
using static TorchSharp.torch;

namespace Naf.Perf;

/// <summary>
/// The normalized advantage function of many samples in PyTorch, without autograd. Belongs to the dispose scope of its
/// constructor.
/// </summary>
internal sealed class TorchHeads
{
    private const double Bound = 5;
    private const long Block = 16384;

    private readonly int _action;
    private readonly Tensor[] _inputs;
    private readonly Tensor _diagonal, _index, _mask;

    /// <param name="inputs">v [batch], m [batch, action], l [batch, packed], u [batch, action].</param>
    public TorchHeads(HostBuffer[] inputs, Device device)
    {
        _inputs = [.. inputs.Select(part => tensor(part.Span.ToArray()).view(inputs[0].Length, -1).to(device))];
        _action = (int)_inputs[3].shape[1];
        (_index, _mask) = TorchParameters.Triangle(_action, device);
        _diagonal = _index.view(_action, _action).diagonal().contiguous();
    }

    /// <summary>Evaluates all samples.</summary>
    public void Run()
    {
        using var noGradients = no_grad();
        long batch = _inputs[0].shape[0], block = _inputs[0].device_type == DeviceType.CPU ? Block : batch;
        for (long at = 0; at < batch; at += block)
        {
            using DisposeScope scope = NewDisposeScope();
            Evaluate(at, Math.Min(block, batch - at));
        }
    }

    /// <summary>Returns μ, packed L, A and Q of all samples.</summary>
    public float[][] Results()
    {
        using DisposeScope scope = NewDisposeScope();
        using var noGradients = no_grad();
        return [.. Evaluate(0, _inputs[0].shape[0]).Select(part => part.cpu().data<float>().ToArray())];
    }

    private Tensor[] Evaluate(long first, long count)
    {
        Tensor[] part = [.. _inputs.Select(input => input.narrow(0, first, count))];
        Tensor
            mu = part[1].tanh(),
            diagonal = part[2].index_select(1, _diagonal).mul_(1 / Bound).tanh_().mul_(Bound).exp_();
        Tensor factor = part[2].index_copy(1, _diagonal, diagonal), d = part[3] - mu, z;
        if (mu.device_type == DeviceType.CPU)
        {
            // row i of L adds its entries times dᵢ to z₀ … zᵢ
            z = zeros_like(d);
            for (int i = 0; i < _action; i++)
                z.narrow(1, 0, i + 1).addcmul_(factor.narrow(1, i * (i + 1) / 2, i + 1), d.narrow(1, i, 1), 1);
        }
        else
        {
            z = bmm(d.unsqueeze(1), factor.index_select(1, _index).mul_(_mask).view(-1, _action, _action)).squeeze(1);
        }
        Tensor advantage = z.square().sum(1).mul_(-0.5);
        return [mu, factor, advantage, part[0].squeeze(1) + advantage];
    }
}
