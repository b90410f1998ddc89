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
/// A time step that no episode has reached is the prior's own; where n₀ is 0 it takes over the last step that has
/// samples. A device without double precision fits in float32, for which a ridge of 1e-4 is about the least. Learner
/// k's model depends on no other learner and on no number of threads, bitwise.
/// </summary>
internal sealed class GaussianFit : IDisposable
{
    private readonly IGaussianFit _fit;
    private readonly int[][] _lengths;
    private readonly int[] _everyone;

    /// <param name="device">Where to fit; it must outlive this.</param>
    /// <param name="maxEpisodes">Episodes that each learner's fit takes.</param>
    /// <param name="single">In float32 on a GPU that has double.</param>
    /// <exception cref="DeviceException">The device has no room or no kernels for this.</exception>
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
                new GpuGaussianFit<double>(scope, GaussianFitKernel.Double<DynamicMemory>, shape, _lengths,
                    maxEpisodes)),
            GpuDevice gpu => BufferScope.Construct(gpu, scope =>
                new GpuGaussianFit<float>(scope, GaussianFitKernel.Single<DynamicMemory>, shape, _lengths,
                    maxEpisodes)),
            _ => throw new DeviceException($"device {device.Info.Name} has no kernels for the fit; use device=cpu"),
        };
    }

    public DynamicsShape Shape { get; }

    public int Learners { get; }

    public int MaxEpisodes { get; }

    public GaussianFitSettings Settings { get; }

    /// <summary>
    /// On a GPU, the packed models [learners, T, PackedStep] (<see cref="DynamicsShape"/>); null on a CPU.
    /// </summary>
    public DeviceBuffer<float>? PackedOnDevice =>
        (_fit as GpuGaussianFit<double>)?.Packed ?? (_fit as GpuGaussianFit<float>)?.Packed;

    /// <summary>Whether the sums are in double precision: on every device that has it.</summary>
    public bool IsDouble => _fit is not GpuGaussianFit<float>;

    /// <summary>Puts an episode in a place of its own, where it stays until another one takes it.</summary>
    /// <param name="episode">The place, 0 to MaxEpisodes − 1. Their order changes a model by rounding only.</param>
    /// <param name="samples">
    /// [length, D], z = [s; u; s′] from time step 0 on; an episode may end before the horizon. Empty: no episode.
    /// </param>
    /// <exception cref="ArgumentException">The samples are too many, or not a whole number.</exception>
    /// <exception cref="NonFiniteTransitionException">An entry is not finite; nothing was stored.</exception>
    public void Store(int learner, int episode, ReadOnlySpan<double> samples)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)learner, (uint)Learners, nameof(learner));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)episode, (uint)MaxEpisodes, nameof(episode));
        if (samples.Length % Shape.Sample != 0 || samples.Length / Shape.Sample > Shape.Horizon)
            throw new ArgumentException(
                $"{samples.Length} numbers are not 0 to {Shape.Horizon} samples of {Shape.Sample}; give "
                + $"[length, {Shape.Sample}] of one episode");
        for (int i = 0; i < samples.Length; i++)
            if (!double.IsFinite(samples[i]))
                throw new NonFiniteTransitionException(
                    $"entry {i % Shape.Sample} of sample {i / Shape.Sample} is {samples[i]}; leave this episode "
                    + "out of the fit");
        _fit.Store(learner, episode, samples);
        _lengths[learner][episode] = samples.Length / Shape.Sample;
    }

    /// <summary>Fits learners' models to their episodes. On a GPU it is launched, not waited for.</summary>
    /// <param name="prior">In the samples' units; null: none, for which the paper's few episodes are too few.</param>
    /// <param name="scale">
    /// [fitted, D], 1 / standard deviation, in whose units the ridge and the floor count; 0 for an entry that is
    /// constant in the data: its mean is copied, with row and column of F and N 0. Empty: 1.
    /// <see cref="SampleMoments.Scale"/> gives it.
    /// </param>
    /// <param name="learners">
    /// [fitted], which learners; the others keep their models. Null: all. Prior and scale are theirs, in this order.
    /// </param>
    /// <param name="through">
    /// Whether each packed model is made to pass through the learner's only episode to float32's last digit: f ← f + s′
    /// − (F [s; u] + f).
    /// </param>
    /// <exception cref="ArgumentException">
    /// A size is wrong, a learner is named twice, or one has neither samples nor a prior.
    /// </exception>
    public void Fit(GaussianPrior? prior = null, ReadOnlySpan<double> scale = default, int[]? learners = null,
        bool through = false)
    {
        learners ??= _everyone;
        if (learners.Length == 0 || learners.Distinct().Count() < learners.Length
            || learners.Any(k => k < 0 || k >= Learners))
            throw new ArgumentException(
                $"a fit of learners {string.Join(", ", learners)} is not possible; give different ones of 0 "
                + $"to {Learners - 1}");
        if (through && MaxEpisodes != 1)
            throw new ArgumentException("a model passes through an episode where it is fitted to only one");
        int priorSteps = prior?.Steps(Shape, learners.Length) ?? 0;
        double[] diagonal = Settings.Diagonal(Shape, learners.Length, scale);
        foreach (int k in learners)
            if (!(prior?.Strength > 0) && _lengths[k].AsSpan().IndexOfAnyExcept(0) < 0)
                throw new ArgumentException($"learner {k} has neither samples nor a prior; store an episode first");
        _fit.Fit(new FitCall(learners, diagonal, prior, priorSteps, through));
    }

    /// <summary>A learner's model of its last fit, after waiting for it.</summary>
    /// <returns>F [T, S, S + A], f [T, S] and N [T, S, S].</returns>
    public (double[] F, double[] Offset, double[] N) Model(int learner)
    {
        (int t, int s) = (Shape.Horizon, Shape.State);
        var (f, offset, n) = (new double[t * s * Shape.Input], new double[t * s], new double[t * s * s]);
        _fit.CopyTo(learner, f, offset, n);
        return (f, offset, n);
    }

    /// <summary>A learner's packed model of its last fit, [T, PackedStep], after waiting for it.</summary>
    public float[] Packed(int learner)
    {
        var packed = new float[Shape.Horizon * Shape.PackedStep];
        _fit.CopyPacked(learner, packed);
        return packed;
    }

    internal void Poison() => _fit.Poison();

    /// <summary>
    /// Whether every number of a learner's last model is finite in float32; one that is not must not be used. Waits for
    /// the fit; false before the first.
    /// </summary>
    public bool IsFinite(int learner) => _fit.IsFinite(learner);

    public void Dispose() => _fit.Dispose();
}

/// <summary>One fit of some learners.</summary>
/// <param name="Learners">[fitted], which.</param>
/// <param name="Diagonal">[fitted, D]: what is added to the diagonal; 0 for a constant entry.</param>
/// <param name="Prior">μ₀ [fitted, PriorSteps, D] and Φ [fitted, PriorSteps, D, D], or null.</param>
/// <param name="PriorSteps">1 or the horizon; 0 without a prior.</param>
/// <param name="Through">Whether packed models pass through their learner's only episode.</param>
internal sealed record FitCall(int[] Learners, double[] Diagonal, GaussianPrior? Prior, int PriorSteps, bool Through);

/// <summary>
/// What a device does for <see cref="GaussianFit"/>, which has checked the arguments; sizes as in
/// <see cref="DynamicsShape"/>.
/// </summary>
internal interface IGaussianFit : IDisposable
{
    /// <summary>Puts an episode in its place; its length is in the array that the fit was made with.</summary>
    /// <param name="samples">[length, D], length at most T.</param>
    void Store(int learner, int episode, ReadOnlySpan<double> samples);

    /// <summary>Fits some learners' models; a GPU is not waited for.</summary>
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
