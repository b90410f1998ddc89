namespace Naf.Tests;

/// <summary>Central differences of functions of (x, u).</summary>
internal static class Differences
{
    /// <summary>∂f/∂z_i of z = [x; u].</summary>
    public static double Of(double[] x, double[] u, int i, Func<double[], double[], double> f)
    {
        return (At(1e-5) - At(-1e-5)) / 2e-5;

        double At(double shift)
        {
            double[] xs = [.. x], us = [.. u];
            if (i < x.Length) xs[i] += shift;
            else us[i - x.Length] += shift;
            return f(xs, us);
        }
    }
}
