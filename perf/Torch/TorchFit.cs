using Naf.Checks.Oracles;
using Naf.Kernels.Gaussian;
using TorchSharp;
using static TorchSharp.torch;

namespace Naf.Perf;

/// <summary>
/// The fit of time-varying linear-Gaussian dynamics in PyTorch, over all learners and time steps at once, in double:
/// moments, the posterior of a normal-inverse-Wishart prior, F by a Cholesky factorisation of Σ_ii + R, f, N and its
/// factor. Belongs to the dispose scope of its constructor.
/// </summary>
internal sealed class TorchFit
{
    private readonly int _inputs;
    private readonly double _strength;
    private readonly Tensor _z, _mean, _scatter, _ridge, _floor;

    /// <param name="data">The data; its prior has one step per learner, with equal strengths.</param>
    public TorchFit(GaussianFit fit, FitData data, Device device)
    {
        (DynamicsShape shape, GaussianPrior prior) = (fit.Shape, data.Prior!);
        (_inputs, _strength, int size) = (shape.Input, prior.Strength, shape.Sample);
        double[] samples = [.. data.Episodes.SelectMany(learner => learner).SelectMany(e => e).SelectMany(z => z)];
        _z = tensor(samples).view(fit.Learners, -1, shape.Horizon, size).to(device);
        _mean = tensor(prior.Mean).view(-1, 1, size).to(device);
        _scatter = tensor(prior.Scatter).view(-1, 1, size, size).to(device);
        // the scale is 1 / standard deviation
        Tensor variance = tensor(data.Scale).view(-1, size).pow(-2).to(device);
        _ridge = diag_embed(fit.Settings.Ridge * variance.narrow(1, 0, _inputs)).unsqueeze(1);
        _floor = diag_embed(fit.Settings.NoiseFloor * variance.narrow(1, _inputs, shape.State)).unsqueeze(1);
    }

    /// <summary>F [P, T, S, S + A], f [P, T, S] and N [P, T, S, S] of the last call with <c>keep</c>.</summary>
    public Tensor[] Result { get; private set; } = [];

    /// <summary>Runs one fit.</summary>
    /// <param name="keep">Whether to keep the result.</param>
    public void Run(bool keep = false)
    {
        using DisposeScope scope = NewDisposeScope();
        using var noGradients = no_grad();
        double n = _z.shape[1], m = _strength;
        Tensor mean = _z.mean([1L]);
        Tensor centred = (_z - mean.unsqueeze(1)).permute(0, 2, 3, 1);
        // treat the deviation from the prior's mean as one more sample of the product
        Tensor deviation = (mean - _mean).mul_(Math.Sqrt(n * m / (n + m))).unsqueeze(3);
        Tensor x = cat([centred, deviation], 3);
        Tensor sigma = x.matmul(x.transpose(2, 3)).add_(_scatter).div_(n + m);
        long states = sigma.shape[2] - _inputs;
        Tensor
            ii = sigma.narrow(2, 0, _inputs).narrow(3, 0, _inputs),
            ip = sigma.narrow(2, 0, _inputs).narrow(3, _inputs, states);
        Tensor pp = sigma.narrow(2, _inputs, states).narrow(3, _inputs, states);

        Tensor f = ip.cholesky_solve(linalg.cholesky_ex(ii + _ridge).L).transpose(2, 3);
        Tensor offset = mean.narrow(2, _inputs, states) - f.matmul(mean.narrow(2, 0, _inputs).unsqueeze(3)).squeeze(3);
        Tensor noise = pp - f.matmul(ii).matmul(f.transpose(2, 3));
        noise = (noise + noise.transpose(2, 3)).div_(2).add_(_floor);
        linalg.cholesky_ex(noise);
        if (keep) Result = [.. new[] { f, offset, noise }.Select(part => part.MoveToOuterDisposeScope())];
    }
}
