namespace Naf.Tests;

/// <summary>Every tolerance of the numerical tests, with its reason.</summary>
internal static class Tolerances
{
    /// <summary>Gradient in double against central differences with step 1e-6: truncation 1e-12, rounding 1e-16 / 1e-6, some hundred terms.</summary>
    public const double FiniteDifference = 1e-7;

    /// <summary>A float32 sum of n terms of size 1: n roundings of 6e-8 at worst.</summary>
    public static double Float32Sum(int terms) => 1e-6 + 6e-8 * terms;

    /// <summary>A policy trained on samples against the exact gain of the linear-quadratic problem.</summary>
    public const double LearnedGain = 0.06;
}
