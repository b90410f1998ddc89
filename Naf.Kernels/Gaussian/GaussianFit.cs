using Naf.Gpu.Accelerators;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Gaussian;

/// <summary>
/// Refits time-varying linear-Gaussian dynamics s′ ~ N(F_t [s; u] + f_t, N_t) to the samples z = [s; u; s′] of a few
/// episodes (paper, section 5), for all learners and time steps at once; samples and models stay on the device. With Σ
/// the posterior covariance of <see cref="GaussianPrior"/>,
/// <code>
/// F = ((Σ_ii + R)⁻¹ Σ_ip)ᵀ        f = z̄_p − F z̄_i        N = Σ_pp − F Σ_ii Fᵀ + floor
/// </code>
/// A time step that no episode has reached has the model of the prior; with n₀ = 0 it copies the last step that has
/// samples. A device without double precision fits in float32, which needs a ridge of about 1e-4 or more. Learner k's
/// model does not depend on the other learners or on the number of threads, bitwise.
/// </summary>
internal sealed class GaussianFit : IDisposable
{
    private readonly IGaussianFit _fit;
    private readonly int[][] _lengths;
    private readonly int[] _everyone;

    /// <param name="device">The device that runs the fit; must outlive this object.</param>
    /// <param name="maxEpisodes">Maximum number of episodes in each learner's fit.</param>
    /// <param name="single">Fit in float32 even on a GPU with double precision.</param>
    /// <exception cref="DeviceException">The device is out of memory or has no kernels for the fit.</exception>
    public GaussianFit(
        Device device, DynamicsShape shape, int learners, int maxEpisodes, GaussianFitSettings settings,
        bool single = false)
    {
        (Shape, Learners, MaxEpisodes, Settings) = (shape, learners, maxEpisodes, settings);
        _lengths = [.. Enumerable.Range(0, learners).Select(_ => new int[maxEpisodes])];
        _everyone = [.. Enumerable.Range(0, learners)];
        _fit = device switch
        {
            CpuDevice cpu => new CpuGaussianFit(cpu, shape, _lengths, maxEpisodes),
            GpuDevice gpu when gpu.Limits.HasDouble && !single => BufferScope.Construct(gpu, scope =>
                new GpuGaussianFit<double>(
                    scope, GaussianFitKernel.Double<DynamicMemory>, shape, _lengths, maxEpisodes)),
            GpuDevice gpu => BufferScope.Construct(gpu, scope =>
                new GpuGaussianFit<float>(
                    scope, GaussianFitKernel.Single<DynamicMemory>, shape, _lengths, maxEpisodes)),
            _ => throw new DeviceException($"device {device.Info.Name} has no kernels for the fit; use device=cpu"),
        };
    }

    public DynamicsShape Shape { get; }

    public int Learners { get; }

    public int MaxEpisodes { get; }

    public GaussianFitSettings Settings { get; }

    /// <summary>Packed models on a GPU, [learners, T, PackedStep] (<see cref="DynamicsShape"/>); else null.</summary>
    public DeviceBuffer<float>? PackedOnDevice =>
        (_fit as GpuGaussianFit<double>)?.Packed ?? (_fit as GpuGaussianFit<float>)?.Packed;

    /// <summary>Whether the fit is in double precision.</summary>
    public bool IsDouble => _fit is not GpuGaussianFit<float>;

    /// <summary>Stores an episode in a slot until the slot is overwritten.</summary>
    /// <param name="episode">Slot, 0 to MaxEpisodes − 1; the order affects a model by rounding only.</param>
    /// <param name="samples">[length, D], z = [s; u; s′] from step 0 on, length at most T; empty: no episode.</param>
    /// <exception cref="ArgumentException">There are too many samples, or the last one is incomplete.</exception>
    /// <exception cref="NonFiniteTransitionException">An entry is not finite; nothing was stored.</exception>
    public void Store(int learner, int episode, ReadOnlySpan<double> samples)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)learner, (uint)Learners, nameof(learner));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)episode, (uint)MaxEpisodes, nameof(episode));
        if (samples.Length % Shape.Sample != 0 || samples.Length / Shape.Sample > Shape.Horizon)
            throw new ArgumentException(
                $"{samples.Length} numbers are not 0 to {Shape.Horizon} samples of {Shape.Sample}; "
                + $"give [length, {Shape.Sample}] of one episode");
        for (int i = 0; i < samples.Length; i++)
            if (!double.IsFinite(samples[i]))
                throw new NonFiniteTransitionException(
                    $"entry {i % Shape.Sample} of sample {i / Shape.Sample} is {samples[i]}; "
                    + "leave this episode out of the fit");
        _fit.Store(learner, episode, samples);
        _lengths[learner][episode] = samples.Length / Shape.Sample;
    }

    /// <summary>Fits the models of learners to their episodes; asynchronous on a GPU.</summary>
    /// <param name="prior">In the samples' units; null: none, which needs more episodes than the paper's few.</param>
    /// <param name="scale">
    /// [fitted, D], 1 / standard deviation (<see cref="SampleMoments.Scale"/>), the units of the ridge and the floor.
    /// 0 for an entry that is constant in the data: its mean is copied, its row and column of F and N are 0. Empty: 1.
    /// </param>
    /// <param name="learners">[fitted], in the order of prior and scale; others keep their models. Null: all.</param>
    /// <param name="through">
    /// Whether each packed model is made to pass through the learner's only episode to float32 precision:
    /// f ← f + s′ − (F [s; u] + f).
    /// </param>
    /// <exception cref="ArgumentException">
    /// A size is wrong, a learner is listed twice, or a learner has neither samples nor a prior.
    /// </exception>
    public void Fit(
        GaussianPrior? prior = null, ReadOnlySpan<double> scale = default, int[]? learners = null, bool through = false)
    {
        learners ??= _everyone;
        if (learners.Length == 0 || learners.Distinct().Count() < learners.Length
            || learners.Any(k => k < 0 || k >= Learners))
            throw new ArgumentException(
                $"a fit of learners {string.Join(", ", learners)} is not possible; "
                + $"give different ones of 0 to {Learners - 1}");
        if (through && MaxEpisodes != 1)
            throw new ArgumentException("a model passes through an episode where it is fitted to only one");
        int priorSteps = prior?.Steps(Shape, learners.Length) ?? 0;
        double[] diagonal = Settings.Diagonal(Shape, learners.Length, scale);
        foreach (int k in learners)
            if (!(prior?.Strength > 0) && _lengths[k].AsSpan().IndexOfAnyExcept(0) < 0)
                throw new ArgumentException($"learner {k} has neither samples nor a prior; store an episode first");
        _fit.Fit(new FitCall(learners, diagonal, prior, priorSteps, through));
    }

    /// <summary>A learner's model from its last fit; waits for the fit.</summary>
    /// <returns>F [T, S, S + A], f [T, S] and N [T, S, S].</returns>
    public (double[] F, double[] Offset, double[] N) Model(int learner)
    {
        (int t, int s) = (Shape.Horizon, Shape.State);
        var (f, offset, n) = (new double[t * s * Shape.Input], new double[t * s], new double[t * s * s]);
        _fit.CopyTo(learner, f, offset, n);
        return (f, offset, n);
    }

    /// <summary>A learner's packed model from its last fit, [T, PackedStep]; waits for the fit.</summary>
    public float[] Packed(int learner)
    {
        var packed = new float[Shape.Horizon * Shape.PackedStep];
        _fit.CopyPacked(learner, packed);
        return packed;
    }

    internal void Poison() => _fit.Poison();

    /// <summary>
    /// Whether every number of a learner's last model is finite in float32; if not, the model must not be used. Waits
    /// for the fit; false before the first fit.
    /// </summary>
    public bool IsFinite(int learner) => _fit.IsFinite(learner);

    public void Dispose() => _fit.Dispose();
}

/// <summary>One fit of some learners.</summary>
/// <param name="Learners">[fitted], indices of the learners.</param>
/// <param name="Diagonal">[fitted, D], added to the diagonal; 0 for a constant entry.</param>
/// <param name="Prior">μ₀ [fitted, PriorSteps, D] and Φ [fitted, PriorSteps, D, D], or null.</param>
/// <param name="PriorSteps">1 or the horizon; 0 without a prior.</param>
/// <param name="Through">Whether packed models pass through their learner's only episode.</param>
internal sealed record FitCall(int[] Learners, double[] Diagonal, GaussianPrior? Prior, int PriorSteps, bool Through);

/// <summary>
/// Implementation of <see cref="GaussianFit"/> on a device; arguments are already checked. Sizes as in
/// <see cref="DynamicsShape"/>.
/// </summary>
internal interface IGaussianFit : IDisposable
{
    /// <summary>Stores an episode; its length is in the array that was passed to the constructor.</summary>
    /// <param name="samples">[length, D], length at most T.</param>
    void Store(int learner, int episode, ReadOnlySpan<double> samples);

    /// <summary>Fits the models of some learners; asynchronous on a GPU.</summary>
    void Fit(FitCall call);

    /// <inheritdoc cref="GaussianFit.Model"/>
    void CopyTo(int learner, Span<double> f, Span<double> offset, Span<double> n);

    /// <inheritdoc cref="GaussianFit.Packed"/>
    void CopyPacked(int learner, Span<float> packed);

    /// <inheritdoc cref="GaussianFit.Poison"/>
    void Poison();

    /// <inheritdoc cref="GaussianFit.IsFinite"/>
    bool IsFinite(int learner);
}
