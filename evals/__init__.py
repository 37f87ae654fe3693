"""Evaluations: questions with known answers, asked again after every change. (The suites come later.)"""
