using Naf.Gpu;

namespace Naf.Kernels;

/// <summary>Holds a device's fit against the reference in double precision, on episodes drawn for the purpose.</summary>
public static class FitCheck
{
    /// <summary>How far the fast version is from the reference, over all learners, time steps and elements.</summary>
    /// <param name="F">Largest error of F, in units of the scale, over 1 + its size.</param>
    /// <param name="Offset">Largest error of f, in units of the scale, over 1 + its size.</param>
    /// <param name="N">Largest error of N, in units of the scale, over 1 + its size.</param>
    /// <param name="Packed">Largest error of the packed float32 model against the reference, in units of the scale, over 1 + its size.</param>
    /// <param name="Single">Whether the fit was in float32.</param>
    public readonly record struct Errors(double F, double Offset, double N, double Packed, bool Single)
    {
        /// <summary>
        /// Largest errors that rounding explains. In double, the inverse of Σ_ii + R magnifies 1e-16 by its condition, about 1 / R = 1e6, and some
        /// hundred terms; the packed model is rounded to float32. In float32 it is 6e-8 times 1e2.
        /// </summary>
        public bool Agree => F < Most && Offset < Most && N < Most && Packed < (Single ? 1e-3 : 1e-6);

        private double Most => Single ? 1e-3 : 1e-7;
    }

    /// <summary>Which fit is checked.</summary>
    public sealed record Options
    {
        /// <summary>Learners.</summary>
        public int Learners { get; init; } = 2;

        /// <summary>Episodes of each.</summary>
        public int Episodes { get; init; } = 5;

        /// <summary>Steps of the prior: 0 (none), 1 or the horizon.</summary>
        public int PriorSteps { get; init; } = 1;

        /// <summary>Whether entries are standardised, and two of them constant.</summary>
        public bool Scaled { get; init; } = true;

        /// <summary>Whether episodes end early, at different time steps.</summary>
        public bool Ragged { get; init; }

        /// <summary>Ridge and floor; on a device without double precision at least 1e-2 each.</summary>
        public GaussianFitSettings Settings { get; init; } = new();
    }

    /// <summary>Fits and compares.</summary>
    public static Errors Run(Device device, DynamicsShape shape, Options options) => Run(device, shape, options, FitVariant.Best);

    internal static Errors Run(Device device, DynamicsShape shape, Options options, FitVariant variant)
    {
        GaussianFitSettings settings = SettingsFor(device, options.Settings, variant);
        using var fit = new GaussianFit(device, shape, options.Learners, options.Episodes, settings, variant);
        FitData data = FitData.Draw(shape, options);
        data.Store(fit);
        fit.Poison();
        fit.Fit(data.Prior, data.Scale);
        return Compare(fit, data);
    }

    /// <summary>What float32 can bear where a device has no double.</summary>
    internal static GaussianFitSettings SettingsFor(Device device, GaussianFitSettings settings, FitVariant variant) =>
        device is GpuDevice gpu && (variant.Single || !gpu.Limits.HasDouble)
            ? new GaussianFitSettings { Ridge = Math.Max(settings.Ridge, 1e-2), NoiseFloor = Math.Max(settings.NoiseFloor, 1e-2) }
            : settings;

    /// <summary>The last fit of <paramref name="data"/> against the reference.</summary>
    internal static Errors Compare(GaussianFit fit, FitData data)
    {
        (int t, int s, int inputs) = (fit.Shape.Horizon, fit.Shape.State, fit.Shape.Input);
        var (f, offset, n) = (new double[t * s * inputs], new double[t * s], new double[t * s * s]);
        var errors = new Errors(0, 0, 0, 0, !fit.IsDouble);
        for (int k = 0; k < fit.Learners; k++)
        {
            // what the fit does not write is no number
            foreach (double[] array in (double[][])[f, offset, n]) array.AsSpan().Fill(double.NaN);
            fit.CopyTo(k, f, offset, n);
            float[] packed = fit.CopyPacked(k);
            GaussianFitReference<double>.Step[] steps = data.Reference(k, fit.Settings);
            double[] scale = data.ScaleOf(k);
            for (int step = 0; step < t; step++)
                errors = Largest(errors, new Errors(
                    Error(s, inputs, (i, j) => f[(step * s + i) * inputs + j], (i, j) => steps[step].F[i, j], (i, j) => Ratio(inputs + i, j)),
                    Error(s, 1, (i, _) => offset[step * s + i], (i, _) => steps[step].Offset[i], (i, _) => Unit(inputs + i)),
                    Error(s, s, (i, j) => n[(step * s + i) * s + j], (i, j) => steps[step].N[i, j], (i, j) => Unit(inputs + i) * Unit(inputs + j)),
                    PackedError(fit.Shape, packed.AsSpan(step * fit.Shape.PackedStep, fit.Shape.PackedStep).ToArray(), steps[step]),
                    errors.Single));

            double Unit(int entry) => scale[entry] > 0 ? scale[entry] : 1;
            double Ratio(int output, int input) => Unit(output) / Unit(input);

            double PackedError(DynamicsShape shape, float[] actual, GaussianFitReference<double>.Step step)
            {
                int row = shape.PackedRow;
                return Error(actual.Length / row, row, (r, j) => actual[r * row + j], Expected, Size);

                double Expected(int r, int j) =>
                    j >= s ? 0 : r < inputs ? step.F[j, r] : r == inputs ? step.Offset[j] : step.Factor[j, r - inputs - 1];

                double Size(int r, int j) => j >= s ? 1 : r < inputs ? Ratio(inputs + j, r) : Unit(inputs + j);
            }
        }
        return errors;
    }

    private static double Error(int rows, int columns, Func<int, int, double> actual, Func<int, int, double> expected, Func<int, int, double> unit)
    {
        double error = 0;
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++)
            {
                (double a, double e, double u) = (actual(i, j), expected(i, j), unit(i, j));
                // finite first: a maximum would pass over a NaN
                if (!double.IsFinite(a) || !double.IsFinite(e)) return double.PositiveInfinity;
                error = Math.Max(error, Math.Abs(a - e) * u / (1 + Math.Abs(e) * u));
            }
        return error;
    }

    private static Errors Largest(Errors a, Errors b) =>
        new(Math.Max(a.F, b.F), Math.Max(a.Offset, b.Offset), Math.Max(a.N, b.N), Math.Max(a.Packed, b.Packed), a.Single);
}
